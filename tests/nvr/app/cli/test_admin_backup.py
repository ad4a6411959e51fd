"""The commands of backups, as far as the rebuild of tests/acceptance does not play them."""

import asyncio
import errno
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from nvr.app.cli.admin_backup import app, main
from nvr.base.catalogue import Language
from nvr.base.errors import InvalidValue, Refused
from storage import disk
from storage.backup.folder import sets_in
from storage.backup.on_server import RegisterNotGranted
from tests.storage.backup.system import IDENTITY, System, ready
from tests.texts import catalogue


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return asyncio.run(ready(tmp_path_factory.mktemp("system")))


def run(system: System, *words: object) -> Any:  # noqa: ANN401 -- the answer's JSON
    arguments = [*map(str, words), "--config", str(system.layout.configuration), "--json"]
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout.splitlines()[-1])


def test_dry_run_says_how_much_there_is_and_writes_nothing(system: System) -> None:
    found = run(system, "backup", system.medium, "--dry-run")
    assert found["key_files"] == 1
    assert found["bytes"] > system.layout.ledger.stat().st_size
    assert found["free_bytes"] > 0
    assert sets_in(system.medium) == []


def test_pruning_makes_no_backup(system: System) -> None:
    assert run(system, "backup", system.medium, "--prune") == {"removed": []}
    assert sets_in(system.medium) == []


def test_folder_that_is_neither_given_nor_configured_is_asked_for(system: System) -> None:
    with pytest.raises(Refused, match="backup-no-folder"):
        run(system, "backup")


def test_register_whose_server_is_away_is_neither_copied_nor_restored(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, identity, medium = tmp_path / "scelle.toml", tmp_path / "key", tmp_path / "medium"
    text = system.layout.configuration.read_text()
    identity.write_text(IDENTITY)
    run(system, "backup", medium, "--new")
    before = sets_in(medium)
    config.write_text(f'{text}\n[database]\nregister = "postgresql://scelle-register@/scelle?host={tmp_path}"\n')
    for words in (
        ["backup", medium],
        ["backup", medium, "--dry-run"],
        ["restore", medium, "--identity", identity, "--yes"],
    ):
        monkeypatch.setattr("sys.argv", ["nvr-admin", *map(str, words), "--config", str(config)])
        assert main() == 1
        told = capsys.readouterr().err
        assert "[backup-register-away]" in told
        assert "pg_ident.conf" in told
    assert sets_in(medium) == before


@pytest.mark.parametrize("language", get_args(Language))
def test_who_may_not_read_the_register_is_told_what_to_grant(language: Language) -> None:
    refused = RegisterNotGranted(database="d scelle_register", why="no", grant="GRANT SELECT;")
    told = "\n".join(catalogue(language)[refused.message_id].lines(refused.fields))
    assert "sudo -u postgres psql" in told
    assert "GRANT SELECT;" in told


def test_what_a_disk_refuses_is_told_in_words(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "writev", full)
    with pytest.raises(Refused, match=r"backup-disk.*No space"):
        run(system, "backup", system.medium)


def test_key_that_exists_is_not_written_over_and_what_is_none_is_refused(system: System, tmp_path: Path) -> None:
    made = run(system, "backup-key", tmp_path / "key")
    assert made["recipient"] in (tmp_path / "key").read_text()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="file-exists"):
        run(system, "backup-key", tmp_path / "key")
    with pytest.raises(InvalidValue, match="identity"):
        run(system, "restore", system.medium, "--identity", system.layout.configuration)
