"""`nvr-admin init`: what it makes, what it says, and that it overwrites nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from access.export.signing import ExportSigner
from config.load import load, parse
from config.model import Settings
from nvr.app import founding
from nvr.app.configfile import Choices, render
from nvr.app.founding import QUORUMS, on_one_disk
from nvr.app.pins import read_pins
from storage.index.queries import IndexReader
from storage.ledger.entries import decode
from storage.ledger.reader import LedgerReader
from storage.snapshot import load as load_snapshot
from storage.vault.hpke import KeyPair
from storage.vault.keyfile import unlock
from storage.vault.seats import SignedSet, check_signatures
from tests.nvr.app.fixtures import write_config
from tools.postgresql_server import Server

PASSWORD = "long enough for a password"


def init(folder: Path, *more: str, preset: str = "standard", trial: bool = True) -> subprocess.CompletedProcess[str]:
    """What the command answered; not a trial, it asks before it makes anything, and nobody says yes."""
    password = folder / "password"
    password.write_text(f"{PASSWORD}\n")
    program = str(Path(sys.executable).parent / "nvr-admin")
    options = {
        "--preset": preset,
        "--origin": "test.example",
        "--envelopes": folder / "envelopes",
        "--admin": "admin",
        "--person": "Anne Durand",
        "--service": "Mairie",
        "--designation": "arrêté 1",
        "--new-password-file": password,
    }
    repeated = [("--volume", f"a={folder / 'a'}"), ("--volume", f"b={folder / 'b'}")]
    repeated += [("--keyring-place", str(folder / "k1")), ("--keyring-place", str(folder / "k2"))]
    repeated += [("--root", str(folder / "root"))] if trial else []
    given = [str(word) for pair in [*options.items(), *repeated] for word in pair]
    return subprocess.run(
        [program, "init", *given, *(["--yes"] if trial else []), *more],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def config(folder: Path) -> Path:
    return folder / "root" / "etc" / "scelle" / "scelle.toml"


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    done = init(folder, preset="simple")
    assert (done.returncode, done.stderr) == (0, "")
    assert "any 1 of 3 custodians" in done.stdout
    assert "whoever has a camera's password can watch it live" in done.stdout
    assert PASSWORD not in done.stdout
    return folder


def settings_with(places: list[Path], volume: Path) -> Settings:
    text = render(
        Choices(
            origin="test.example",
            timezone="Europe/Paris",
            preset="simple",
            volumes=[("a", volume)],
            places=places,
            paths={},
            machine_key=volume.with_name("machine.key"),
        )
    )
    return parse(text, volume / "scelle.toml")


@pytest.mark.parametrize(
    ("disks", "shared"),
    [
        ({"k1": 1, "k2": 2, "a": 3}, []),
        ({"k1": 1, "k2": 1, "a": 3}, [("k1", "k2")]),
        ({"k1": 1, "k2": 3, "a": 3}, [("k2", "a")]),
        ({"k1": 1, "k2": 1, "a": 1}, [("k1", "k2"), ("k1", "a"), ("k2", "a")]),
    ],
)
def test_places_on_one_disk_with_each_other_or_with_footage_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disks: dict[str, int], shared: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(founding, "_device", lambda path: disks[path.name])
    found = on_one_disk(settings_with([tmp_path / "k1", tmp_path / "k2"], tmp_path / "a"))
    assert [(place.name, other.name) for place, other in found] == shared


def test_folder_that_is_still_to_be_made_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    places = [tmp_path / "new" / "k1", tmp_path / "new" / "k2"]
    assert tuple(places) in on_one_disk(settings_with(places, tmp_path / "a"))


@pytest.mark.parametrize(("language", "words"), [("en", "are on one disk"), ("fr", "sont sur un même disque")])
def test_init_warns_of_keys_on_one_disk_before_it_asks(tmp_path: Path, language: str, words: str) -> None:
    done = init(tmp_path, "--lang", language, "--config", str(tmp_path / "scelle.toml"), trial=False)
    assert words in done.stderr
    assert done.returncode == 1
    assert not (tmp_path / "a").exists()


def test_ledger_begins_with_log_set_and_the_first_account(founded: Path) -> None:
    settings = load(config(founded), {})
    reader = LedgerReader(settings.paths.ledger / "ledger.db")
    entries = [decode(leaf) for _, leaf in reader.entries(0, 10)]
    reader.close()
    assert [entry.t for entry in entries] == ["log", "set", "account"]
    assert "Anne Durand" not in str(entries)
    index = IndexReader.at(settings.paths.index)
    assert index.progress().applied_size >= 2
    index.close()


def test_set_in_force_is_provisional_and_opens_with_the_envelopes(founded: Path) -> None:
    settings = load(config(founded), {})
    signed = SignedSet.parse(settings.paths.custodians.read_bytes())
    check_signatures(signed, None)
    assert signed.set.provisional
    assert (signed.set.m, signed.set.n) == (1, 3) == (QUORUMS[settings.system.preset].m, len(signed.set.seats))
    assert signed.set.machine.public == KeyPair(settings.keys.machine_key.read_bytes()).public
    for seat in signed.set.seats:
        page = (founded / "envelopes" / f"seat-{seat.number}.txt").read_text()
        passphrase = page.partition("Passphrase")[2].split()[0]
        keys = unlock((founded / "envelopes" / f"seat-{seat.number}.key").read_bytes(), passphrase)
        assert seat.envelope is not None
        assert keys.pair.public == seat.envelope.public
        pins = read_pins((founded / "envelopes" / f"seat-{seat.number}.pins.json").read_bytes())
        assert pins.sets == (signed.set.hash,)


def test_keys_are_for_their_owner_alone(founded: Path) -> None:
    settings = load(config(founded), {})
    secret = [
        settings.keys.machine_key,
        settings.paths.export_key,
        settings.paths.secrets,
        settings.paths.ledger / "log.key",
        *(founded / "envelopes").iterdir(),
    ]
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    assert settings.paths.register.parent.stat().st_mode & 0o777 == 0o700
    ExportSigner.from_pem(settings.paths.export_key.read_bytes())


def test_recorders_can_start_at_once(founded: Path) -> None:
    assert load_snapshot(load(config(founded), {}).paths.camera_snapshot).cameras == ()


def test_second_founding_changes_nothing(founded: Path) -> None:
    before = everything(founded)
    done = init(founded, preset="simple")
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert everything(founded) == before


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (["--volume", "nameless"], 1, "--volume"),
        (["--timezone", "Paris"], 78, "system.timezone"),
        (["--segment-seconds", "301"], 78, "recorder.segment_seconds"),
        (["--preset", "lax"], 2, "preset"),
        (["--admin", "Not A Name"], 1, "account"),
    ],
    ids=str,
)
def test_value_that_is_wrong_is_told_before_anything_is_made(
    tmp_path: Path, more: list[str], code: int, told: str
) -> None:
    done = init(tmp_path, *more)
    assert done.returncode == code
    assert told in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_password_that_is_too_short_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short\n")
    done = init(tmp_path, "--new-password-file", str(tmp_path / "short"))
    assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["password", "short"]


def test_preset_whose_footage_could_never_be_opened_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = init(tmp_path, preset="strict")
    assert done.returncode == 1
    assert "[witness-missing]" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_password_with_the_accounts_name_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "named").write_text("the Admin has a long one\n")
    done = init(tmp_path, "--new-password-file", str(tmp_path / "named"))
    assert done.returncode == 1
    assert "[invalid-value]" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["named", "password"]


def test_founding_that_fails_leaves_nothing_secret_and_can_be_tried_again(tmp_path: Path) -> None:
    # The register is made last, and can not be: by then keys, ledger and envelopes are there.
    database = tmp_path / "root" / "var" / "lib" / "scelle" / "register" / "register.db"
    database.parent.mkdir(parents=True)
    database.symlink_to(tmp_path / "nowhere" / "register.db")
    assert init(tmp_path).returncode != 0
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"password", "scelle-keyring.json"}
    assert not (tmp_path / "envelopes").exists()
    database.unlink()
    assert init(tmp_path).returncode == 0


@pytest.mark.system("postgresql")
def test_server_has_one_system(tmp_path: Path, postgresql: Server) -> None:
    postgresql.sql("CREATE DATABASE town")
    server = ("--index", postgresql.url("town"), "--register", postgresql.url("town"))
    done = init(tmp_path, *server)
    assert done.returncode == 0, done.stderr
    settings = load(config(tmp_path), {})
    assert not settings.paths.index.exists()
    assert not settings.paths.register.exists()
    assert postgresql.sql("SELECT account FROM scelle_register.account", "town") == "admin"
    assert postgresql.sql("SELECT applied_size FROM scelle_index.progress", "town") == "2"
    (tmp_path / "other").mkdir()
    other = load(write_config(tmp_path / "other", f'[database]\nregister = "{postgresql.url("town")}"\n'), {})
    with pytest.raises(founding.AlreadyFounded, match="scelle_register"):
        founding.refuse_what_exists(other, [])
