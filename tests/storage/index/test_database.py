"""The index's database: its migrations give the tables, and what is no index is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from config.database import Location, PostgresSchema
from nvr.base.errors import ConfigError
from nvr.base.units import UtcUs
from storage import databases
from storage.index.database import IndexDamaged, IndexUnavailable, open_database, open_for_reading
from storage.index.tables import METADATA
from tools.postgresql_server import Server


def test_migrations_give_the_tables_as_they_are_declared(location: Location) -> None:
    engine = open_database(location)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_file_is_made_with_its_folder_and_read_beside_its_writer(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "index" / "index.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_opening_twice_migrates_once(location: Location) -> None:
    for _ in range(2):
        open_database(location).dispose()


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


def test_migration_that_does_not_fit_the_tables_is_damage(location: Location) -> None:
    engine = open_database(location)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    engine.dispose()
    with pytest.raises(IndexDamaged, match="already exists"):
        open_database(location)
    databases.set_aside(location, UtcUs(7))
    open_database(location).dispose()


def test_disk_that_refuses_is_to_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "index.db").mkdir()
    with pytest.raises(IndexUnavailable):
        open_database(tmp_path / "index.db")
    (tmp_path / "index.db").rmdir()
    open_database(tmp_path / "index.db").dispose()


def test_server_that_is_away_is_to_be_tried_again(tmp_path: Path) -> None:
    place = PostgresSchema(f"postgresql:///scelle?host={tmp_path}", "scelle_index")
    for use in (open_database, open_for_reading):
        with pytest.raises(IndexUnavailable):
            use(place)


def test_index_of_a_newer_version_is_refused(location: Location) -> None:
    engine = open_database(location)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(ConfigError):
        open_database(location)


def test_removed_index_is_gone(location: Location) -> None:
    open_database(location).dispose()
    databases.remove(location)
    with pytest.raises(ConfigError):
        open_for_reading(location)
    databases.remove(location)


@pytest.mark.system("postgresql")
def test_user_who_may_make_no_schema_is_told_which_key_is_wrong(postgresql: Server) -> None:
    postgresql.sql("CREATE USER newcomer")
    place = PostgresSchema(postgresql.url(user="newcomer"), "scelle_index_of_nobody")
    with pytest.raises(ConfigError, match="permission denied") as refusal:
        open_database(place)
    assert refusal.value.fields["key"] == "database.index"
