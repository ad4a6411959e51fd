"""The index's database: its migrations give the tables, and what is no index is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from nvr.base.errors import ConfigError
from storage.index.database import open_database, open_for_reading, remove_database
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


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_text("not a database" * 100)
    with pytest.raises(ConfigError):
        open_database(tmp_path / "index.db")


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
