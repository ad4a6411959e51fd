"""Index or register in a schema of a real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg.errors
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from config.database import PostgresSchema
from nvr.base.errors import ConfigError
from nvr.base.units import UtcUs
from storage import databases, postgresql
from storage.database_faults import DatabaseInUse, Fault
from tools.postgresql_server import Server

pytestmark = pytest.mark.system("postgresql")
PASSWORD = "c4nary-of-the-database"


@pytest.fixture
def place(postgresql: Server) -> PostgresSchema:
    return postgresql.fresh()


def ask(engine: Engine, question: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(question).scalar()


def test_writer_has_its_schema_and_its_settings(place: PostgresSchema) -> None:
    engine = postgresql.writing_engine(place, ["synchronous_commit = off"])
    assert ask(engine, "SELECT current_schema()") == place.schema
    assert ask(engine, "SHOW synchronous_commit") == "off"
    engine.dispose()


def test_writer_begins_when_its_forerunner_has_ended(postgresql: Server, place: PostgresSchema) -> None:
    first = postgresql_engine(place)
    ask(first, "SELECT 1")
    later = postgresql_engine(place)
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as thread:
        second = thread.submit(ask, later, "SELECT current_schema()")
        while postgresql.sql(waiting) == "0":
            assert not second.done()
        first.dispose()
        assert second.result() == place.schema
    later.dispose()


@pytest.mark.usefixtures("impatient")
def test_second_writer_is_refused_by_every_way_to_write(place: PostgresSchema) -> None:
    engine = postgresql.writing_engine(place, ())
    ask(engine, "SELECT 1")
    with pytest.raises(DatabaseInUse):
        ask(postgresql.writing_engine(place, ()), "SELECT 1")
    with pytest.raises(DatabaseInUse):
        postgresql.set_aside(place, UtcUs(7))
    with pytest.raises(DatabaseInUse):
        postgresql.remove(place)
    assert databases.exists(place)
    engine.dispose()
    postgresql.remove(place)
    assert not databases.exists(place)


@pytest.mark.usefixtures("impatient")
def test_writer_has_its_lock_again_after_the_server_was_killed(postgresql: Server, place: PostgresSchema) -> None:
    engine = postgresql_engine(place)
    ask(engine, "SELECT 1")
    postgresql.kill()
    try:
        with pytest.raises(DBAPIError) as away:
            ask(engine, "SELECT 1")
    finally:
        postgresql.start()
    assert databases.fault_of(away.value) is Fault.UNAVAILABLE
    ask(engine, "SELECT 1")
    with pytest.raises(DatabaseInUse):
        ask(postgresql_engine(place), "SELECT 1")
    engine.dispose()


def postgresql_engine(place: PostgresSchema) -> Engine:
    return postgresql.writing_engine(place, ())


@pytest.fixture(scope="module")
def elsewhere(postgresql: Server) -> Iterator[str]:
    """A database that orders texts by a language."""
    postgresql.sql("CREATE DATABASE latin TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'LATIN1'")
    yield "latin"
    postgresql.sql("DROP DATABASE latin")


def test_database_that_can_not_hold_our_texts_is_refused_before_anything_is_made(
    postgresql: Server, elsewhere: str
) -> None:
    place = PostgresSchema(postgresql.url(elsewhere), "scelle_index")
    with pytest.raises(ConfigError, match="createdb --template template0 --locale C --encoding UTF8"):
        ask(postgresql_engine(place), "SELECT 1")
    assert not databases.exists(place)


def test_schema_that_a_user_may_not_use_is_not_taken_for_one_that_is_absent(
    postgresql: Server, place: PostgresSchema
) -> None:
    engine = postgresql_engine(place)
    ask(engine, "SELECT 1")
    engine.dispose()
    postgresql.sql("CREATE USER nobody")
    asking = PostgresSchema(postgresql.url(user="nobody"), place.schema)
    try:
        with pytest.raises(DBAPIError) as refused:
            databases.exists(asking)
        assert databases.fault_of(refused.value) is Fault.REFUSED
        assert not databases.exists(PostgresSchema(asking.url, "another"))
    finally:
        postgresql.sql("DROP USER nobody")


@pytest.fixture(scope="module")
def guarded(postgresql: Server) -> str:
    """A user of whom the server asks for a password."""
    rules = postgresql.data / "pg_hba.conf"
    rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
    engine = create_engine(postgresql.url().replace("postgresql:", "postgresql+psycopg:"))  # not in `ps`, as psql's is
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE USER guarded PASSWORD '{PASSWORD}'")
    engine.dispose()
    postgresql.sql("GRANT CREATE ON DATABASE postgres TO guarded")
    postgresql.sql("SELECT pg_reload_conf()")
    return "guarded"


def with_password(server: Server, user: str, directory: Path, password: str) -> PostgresSchema:
    file = directory / "password"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    return PostgresSchema(server.url(user=user), server.fresh().schema, file)


def test_password_comes_from_its_file_at_each_connection(postgresql: Server, guarded: str, tmp_path: Path) -> None:
    place = with_password(postgresql, guarded, tmp_path, PASSWORD)
    engine = postgresql_engine(place)
    assert ask(engine, "SELECT current_user") == guarded
    assert PASSWORD not in repr(engine) + str(engine.url) + str(place)
    engine.dispose()
    assert place.password_file is not None
    place.password_file.write_text("another\n")
    with pytest.raises(DBAPIError):
        ask(engine, "SELECT 1")


def test_wrong_password_is_told_and_not_quoted(
    postgresql: Server, guarded: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = with_password(postgresql, guarded, tmp_path, f"wrong-{PASSWORD}")
    with pytest.raises(DBAPIError, match="password authentication failed") as refusal:
        ask(postgresql_engine(place), "SELECT 1")
    assert databases.fault_of(refusal.value) is Fault.UNAVAILABLE
    assert PASSWORD not in str(refusal.value) + repr(refusal.value) + caplog.text


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (psycopg.errors.AdminShutdown, Fault.UNAVAILABLE),
        (psycopg.errors.CannotConnectNow, Fault.UNAVAILABLE),
        (psycopg.errors.DiskFull, Fault.UNAVAILABLE),
        (psycopg.errors.DeadlockDetected, Fault.UNAVAILABLE),
        (psycopg.errors.ReadOnlySqlTransaction, Fault.UNAVAILABLE),
        (psycopg.errors.ConnectionException, Fault.UNAVAILABLE),
        (psycopg.OperationalError, Fault.UNAVAILABLE),
        (psycopg.errors.DataCorrupted, Fault.DAMAGED),
        (psycopg.errors.IndexCorrupted, Fault.DAMAGED),
        (psycopg.errors.InsufficientPrivilege, Fault.REFUSED),
        (psycopg.errors.UndefinedTable, Fault.MISFIT),
        (psycopg.errors.UniqueViolation, Fault.PROGRAM),
        (psycopg.ProgrammingError, Fault.PROGRAM),
    ],
)
def test_error_means_what_its_state_says(error: type[psycopg.Error], fault: Fault) -> None:
    assert postgresql.fault_of(error()) is fault
