from pathlib import Path

import pytest

from config.database import Location, PostgresSchema
from nvr.base.errors import ConfigError
from storage.database_faults import DatabaseInUse
from storage.register.database import RegisterUnavailable, open_database
from tools.postgresql_server import Server


def test_file_that_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    path.write_text("not a database, and long enough that SQLite looks at it" * 100)
    with pytest.raises(ConfigError) as refusal:
        open_database(path)
    assert refusal.value.fields["file"] == str(path)


def test_every_commit_reaches_the_disk(location: Location) -> None:
    engine = open_database(location)
    file = isinstance(location, Path)
    asked = ["PRAGMA journal_mode", "PRAGMA synchronous"] if file else ["SHOW synchronous_commit"]
    with engine.connect() as connection:
        values = [connection.exec_driver_sql(question).scalar() for question in asked]
    engine.dispose()
    assert values == (["wal", 2] if file else ["on"])


def test_database_of_a_newer_version_is_refused(location: Location) -> None:
    engine = open_database(location)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(ConfigError, match="9999"):
        open_database(location)


@pytest.mark.system("postgresql")
@pytest.mark.usefixtures("impatient")
def test_second_writer_is_refused_until_the_first_is_gone(postgresql: Server) -> None:
    place = postgresql.fresh()
    first = open_database(place)
    with pytest.raises(DatabaseInUse):
        open_database(place)
    first.dispose()
    open_database(place).dispose()


def test_server_that_is_away_is_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(RegisterUnavailable):
        open_database(PostgresSchema(f"postgresql:///scelle?host={tmp_path}", "scelle_register"))
