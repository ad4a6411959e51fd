"""The index's database: its migrations give the tables, and what is no index is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from nvr.base.errors import ConfigError
from nvr.base.units import UtcUs
from storage.durable import remove_file
from storage.index.database import (
    IndexDamaged,
    IndexUnavailable,
    open_database,
    open_for_reading,
    remove_database,
    set_database_aside,
)
from storage.index.tables import METADATA


def test_migrations_give_the_tables_as_they_are_declared(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "index" / "index.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    for _ in range(2):
        open_database(tmp_path / "index.db").dispose()


def test_what_is_no_index_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_text("not a database" * 100)
    with pytest.raises(IndexDamaged):
        open_database(tmp_path / "index.db")


def test_page_that_is_not_what_it_was_is_found_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    open_database(path).dispose()
    content = bytearray(path.read_bytes())
    for offset in range(4096, len(content), 4096):
        content[offset : offset + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(IndexDamaged):
        open_database(path)


def test_disk_that_refuses_is_to_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "index.db").mkdir()
    with pytest.raises(IndexUnavailable):
        open_database(tmp_path / "index.db")
    (tmp_path / "index.db").rmdir()
    open_database(tmp_path / "index.db").dispose()


def test_set_aside_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"x")
    (tmp_path / "index.db-wal").write_bytes(b"y")
    aside = set_database_aside(tmp_path / "index.db", UtcUs(7))
    assert sorted(path.name for path in tmp_path.iterdir()) == [aside.name, f"{aside.name}-wal"]


def test_index_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "index.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(ConfigError):
        open_database(tmp_path / "index.db")


def test_removed_with_its_log(tmp_path: Path) -> None:
    open_database(tmp_path / "index.db").dispose()
    remove_database(tmp_path / "index.db")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError):
        open_for_reading(tmp_path / "index.db")


def test_database_goes_before_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("", "-wal"):
        (tmp_path / f"index.db{suffix}").write_bytes(b"x")
    removed: list[str] = []

    def noted(path: Path) -> bool:
        removed.append(path.name)
        return remove_file(path)

    monkeypatch.setattr("storage.index.database.remove_file", noted)
    remove_database(tmp_path / "index.db")
    assert removed == ["index.db", "index.db-wal", "index.db-shm"]
