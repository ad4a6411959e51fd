"""The configuration file: each fault is told with its file, line and key."""

from pathlib import Path

import pytest

from config.load import config_file, load, parse
from config.model import Preset
from nvr.base.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "scelle.example.toml"

GOOD = """\
[system]
origin = "nvr.ville.example"

[[volume]]
name = "a"
path = "/srv/a"

[[volume]]
name = "b"
path = "/srv/b"

[keyring]
places = ["/srv/a/keyring", "/srv/b/keyring"]
"""


def fault(text: str) -> tuple[object, object, object]:
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("scelle.toml"))
    assert caught.value.fields["file"] == "scelle.toml"
    return caught.value.fields["line"], caught.value.fields["key"], caught.value.fields["why"]


@pytest.mark.parametrize(
    ("was", "becomes", "line", "key", "why"),
    [
        ('origin = "nvr.ville.example"', "", 1, "system.origin", "missing"),
        ('origin = "nvr.ville.example"', 'origin = "Ville d\'Exemple"', 2, "system.origin", "pattern"),
        ('origin = "nvr.ville.example"', 'origin = "a"\norigine = "b"', 3, "system.origine", "unknown key"),
        ("[keyring]", "[keyrings]", 12, "keyrings", "unknown key"),
        ('name = "b"', 'name = "b"\nsize = 3', 10, "volume[1].size", "unknown key"),
        ('path = "/srv/b"', 'path = "srv/b"', 10, "volume[1].path", "must be absolute"),
        ('name = "b"', 'name = "B b"', 9, "volume[1].name", "pattern"),
        ('name = "b"', 'name = "a"', 1, None, "same name"),
        ('path = "/srv/b"', 'path = "/srv/a"', 1, None, "same path"),
        ('path = "/srv/b"', 'path = "/srv/b"\nbudget_gib = 5', 1, None, "with `evidence = true`"),
        ('"/srv/b/keyring"', '"/srv/a/keyring"', 1, None, "same folder"),
        ("[keyring]", '[keys]\nmachine_key = "/srv/a/machine.key"\n[keyring]', 1, None, "lies on a volume"),
        ("[keyring]", f'[paths]\nruntime = "/{"r" * 90}"\n[keyring]', 13, "paths.runtime", "too long by 1 bytes"),
        ("[keyring]", '[camera_tls]\nca_file = "ca.pem"\n[keyring]', 13, "camera_tls.ca_file", "must be absolute"),
        ("[keyring]", '[camera_tls.pins]\n"cam-1" = "aa"\n[keyring]', 13, "camera_tls.pins.cam-1", "64 hexadecimal"),
        ("[keyring]", "[recorder]\nshards = 0\n[keyring]", 13, "recorder.shards", "a whole number from 1 to 64"),
        ("[keyring]", '[recorder]\nshards = "1"\n[keyring]', 13, "recorder.shards", '"auto", or a whole number'),
        ("[keyring]", "[recorder]\nsegment_seconds = 301\n[keyring]", 13, "recorder.segment_seconds", "300"),
        ("[keyring]", "[hold]\nroom_percent = 101\n[keyring]", 13, "hold.room_percent", "100"),
        ("[keyring]", "[hold]\nreview_days = 0\n[keyring]", 13, "hold.review_days", "1"),
        ("[keyring]", "[access]\nport = 65536\n[keyring]", 13, "access.port", "65535"),
        ('origin = "nvr.ville.example"', 'origin = "a"\ntimezone = "Paris"', 3, "system.timezone", "time zone"),
        ('origin = "nvr.ville.example"', 'origin = "a"\npreset = "lax"', 3, "system.preset", "simple"),
        ('origin = "nvr.ville.example"', "origin = nvr.ville.example", 2, None, "not TOML"),
        ("[keyring]", "[keyring", 12, None, "not TOML"),
        ("[keyring]", '[system]\ntimezone = "UTC"\n[keyring]', 12, None, "not TOML"),
    ],
)
def test_fault_is_told_with_line_and_key(was: str, becomes: str, line: int, key: str | None, why: str) -> None:
    assert was in GOOD
    told_line, told_key, told_why = fault(GOOD.replace(was, becomes))
    assert (told_line, told_key) == (line, key)
    assert why in str(told_why)


def test_volumes_of_which_none_takes_recordings_are_refused() -> None:
    text = GOOD.replace('path = "/srv/a"', 'path = "/srv/a"\nevidence = true')
    assert len(parse(text, Path("scelle.toml")).volume) == 2
    _, _, why = fault(text.replace('path = "/srv/b"', 'path = "/srv/b"\nevidence = true'))
    assert "no volume takes recordings" in str(why)


def test_missing_section_is_named() -> None:
    assert fault(GOOD.partition("[keyring]")[0]) == (1, "keyring", "the key is missing")


def test_first_fault_in_the_file_is_the_one_that_is_told() -> None:
    text = GOOD.replace('name = "b"', 'name = "b"\nsize = 3').replace("[system]", "[system]\ntown = 1")
    assert fault(text)[:2] == (2, "system.town")


def test_inline_and_dotted_keys_have_their_line() -> None:
    assert fault(GOOD + "\n[recorder]\nshards = 2\n\n[access]\nhost.name = 1\n")[:2] == (19, "access.host")


def test_empty_file_is_a_fault_of_the_first_line() -> None:
    assert fault("")[0] == 1


def test_example_shows_every_key_with_its_default() -> None:
    settings = parse(EXAMPLE.read_text(), EXAMPLE)
    least = parse(GOOD, Path("scelle.toml"))
    for section in ("paths", "keys", "recorder", "access"):
        assert getattr(settings, section) == getattr(least, section)
        assert getattr(settings, section).model_fields_set == set(type(getattr(settings, section)).model_fields)
    assert settings.system.preset is least.system.preset is Preset.STANDARD
    assert settings.system.model_fields_set == set(type(settings.system).model_fields)


@pytest.mark.parametrize("written", ["9F" * 32, ":".join(["9f"] * 32), "SHA256 Fingerprint=" + ":".join(["9F"] * 32)])
@pytest.mark.parametrize("host", ["10.0.0.7", "cam.ville.example:8322", "[2001:db8::7]", "[2001:db8::7]:322"])
def test_fingerprint_is_taken_as_programs_print_it(host: str, written: str) -> None:
    settings = parse(f'{GOOD}[camera_tls.pins]\n"{host}" = "{written}"\n', Path("scelle.toml"))
    assert settings.camera_tls.pins == {host: "9f" * 32}


def test_host_that_no_address_has_is_named() -> None:
    line, key, _ = fault(f'{GOOD}[camera_tls.pins]\n"rtsps://cam/" = "{"9f" * 32}"\n')
    assert line == 15
    assert "camera_tls.pins" in str(key)


def test_settings_can_not_be_changed() -> None:
    settings = parse(GOOD, Path("scelle.toml"))
    with pytest.raises(ValueError, match="frozen"):
        settings.recorder.shards = 2  # type: ignore[misc]


def test_systemd_credentials_win_over_paths(tmp_path: Path) -> None:
    file = tmp_path / "scelle.toml"
    file.write_text(GOOD)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert load(file, environment) == load(file, {})
    (credentials / "machine-key").touch()
    (credentials / "secrets").touch()
    (credentials / "database-password").touch()
    settings = load(file, environment)
    assert settings.keys.machine_key == credentials / "machine-key"
    assert settings.paths.secrets == credentials / "secrets"
    assert settings.database.password_file == credentials / "database-password"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_can_not_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "scelle.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert caught.value.fields["file"] == str(file)


def test_option_wins_over_environment_over_default() -> None:
    assert config_file(Path("/o"), {"SCELLE_CONFIG": "/e"}) == Path("/o")
    assert config_file(None, {"SCELLE_CONFIG": "/e"}) == Path("/e")
    assert config_file(None, {}) == Path("/etc/scelle/scelle.toml")
