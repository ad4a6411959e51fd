"""A register in a schema of a PostgreSQL server: copied into a file while access writes, and put back from one.

A file of a set is the same whichever database it came from, so that a register may also go from one to the other.
"""

import getpass
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, func, make_url, select
from sqlalchemy.exc import DBAPIError

from config.database import PostgresSchema
from nvr.base.errors import ConfigError, Refused, Retryable
from storage import databases
from storage.backup.rows import RowsDiffer, carry, demand_same, has_rows
from storage.database_faults import Fault
from storage.register.database import SCHEMA, RegisterUnavailable, open_database
from storage.register.tables import Table

_TABLES: Final = Table.metadata
_VERSION_TABLE: Final = "alembic_version"
_SIZE: Final = """
SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
"""


class RegisterAway(Retryable):
    """The server does not answer, or does not let this process in; the same may work later."""

    message_id = "backup-register-away"


class RegisterNotGranted(Refused):
    """The server lets us in, and not do what is needed; `grant` is what its administrator types."""

    message_id = "backup-register-not-granted"


class RegisterOtherVersion(Refused):
    """Its tables are not those of this program."""

    message_id = "backup-register-other-version"


class RegisterNotTaken(Refused):
    """The server does not hold what is written into it; it holds nothing of it."""

    message_id = "restore-register-not-taken"


class RegisterOfOthers(Refused):
    """There are rows in the schema that this restore did not write; they were left."""

    message_id = "restore-register-of-others"


def copy_from_server(place: PostgresSchema, target: Path) -> None:
    """Write the register as it is at one instant into a new SQLite file; who writes there does not wait.

    Raises:
        RegisterAway, RegisterNotGranted, RegisterOtherVersion: the server does not give it.
        DBAPIError: the file can not be written.
        RowsDiffer: the file does not hold what was read.
    """
    with _reading(place) as source:
        if source is None:
            raise RegisterOtherVersion(database=str(place), why="no such schema")
        # Before the first question, which fixes the instant. Rewriting tables after an erasure (VACUUM FULL) waits
        # for the end of this: it would keep for us what was erased.
        names = ", ".join(f'"{table.name}"' for table in _TABLES.sorted_tables)
        source.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
        there, ours = databases.revision_of(source), databases.newest_revision(SCHEMA)
        if there != ours:
            raise RegisterOtherVersion(database=str(place), why=f"version {there}, not {ours}")
        with _disposed(open_database(target)) as engine, engine.begin() as into:
            carry(source, into, _TABLES)
    _make_one_file(target)


def size_on_server(place: PostgresSchema) -> int:
    """How many bytes its tables have there, about. Raises as `copy_from_server`."""
    with _reading(place) as connection:
        if connection is None:
            return 0
        return int(connection.exec_driver_sql(_SIZE).scalar() or 0)


def holds_rows(place: PostgresSchema) -> bool:
    """Whether any table of the schema has a row; writes nothing.

    Raises:
        RegisterAway: the server does not answer.
        RegisterNotGranted: it does not let us look there.
    """
    with _reading(place) as connection:
        if connection is None:
            return False
        found = MetaData()
        found.reflect(connection)
        return has_rows(connection, [table for table in found.sorted_tables if table.name != _VERSION_TABLE])


def put_on_server(source: Path, place: PostgresSchema) -> None:
    """Write the register of the file into the schema, made if absent: all of it, or nothing.

    A file of an older version is brought to ours first. Rows that are there already are those of the file: an earlier
    run wrote them.

    Raises:
        RegisterAway, RegisterNotGranted: the server does not take it now.
        RegisterOfOthers: other rows are there; they are left.
        RegisterNotTaken: the server does not hold what was written.
        ConfigError: the file or the schema is of a newer version, or the database can not be used.
        DatabaseInUse: another process writes there.
    """
    with (
        _disposed(open_database(source)) as ours,
        _disposed(_open_server(place)) as server,
        _understood(place, _may_write(place)),
        ours.connect() as file,
        server.begin() as into,
    ):
        _put(file, into, place)


def _open_server(place: PostgresSchema) -> Engine:
    try:
        return open_database(place)
    except RegisterUnavailable as error:
        raise RegisterAway(database=str(place), why=error.fields["why"]) from error
    except ConfigError as error:
        cause = error.__cause__
        if isinstance(cause, DBAPIError) and databases.fault_of(cause) is Fault.REFUSED:
            why = _without_values(cause)
            raise RegisterNotGranted(database=str(place), why=why, grant=_may_write(place)) from error
        raise


def _put(file: Connection, into: Connection, place: PostgresSchema) -> None:
    if has_rows(into, _TABLES.sorted_tables):
        try:
            demand_same(file, into, _TABLES)
        except RowsDiffer as error:
            raise RegisterOfOthers(database=str(place), table=error.table) from error
        return
    try:
        carry(file, into, _TABLES)
    except RowsDiffer as error:
        raise RegisterNotTaken(database=str(place), why=f"{error.table}: not what was written") from error
    _number_behind(into)


def _number_behind(connection: Connection) -> None:
    """The server's own counting goes on behind the rows that came with their numbers."""
    for table in _TABLES.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            # Null for a column that is not counted, and for a table without rows: then nothing is set.
            sequence = func.pg_get_serial_sequence(f'"{table.name}"', column.name)
            highest = select(func.max(column)).scalar_subquery()
            connection.execute(select(func.setval(sequence, highest)))


@contextmanager
def _reading(place: PostgresSchema) -> Iterator[Connection | None]:
    """A read-only transaction of one instant; None: there is no such schema."""
    with _understood(place, _may_read(place)):
        engine = databases.open_for_reading(place)
        if engine is None:
            yield None
            return
        with _disposed(engine), engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection


@contextmanager
def _disposed(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _understood(place: PostgresSchema, grant: str) -> Iterator[None]:
    """What the server refuses is told by who acts on it; what a file refuses goes through."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise
        fault, why = databases.fault_of(error), _without_values(error)
        if fault is Fault.REFUSED:
            raise RegisterNotGranted(database=str(place), why=why, grant=grant) from error
        if fault is Fault.MISFIT:
            raise RegisterOtherVersion(database=str(place), why=why) from error
        if fault is Fault.PROGRAM:
            # The cause would quote the row: personal values.
            raise RegisterNotTaken(database=str(place), why=why) from None
        raise RegisterAway(database=str(place), why=why) from error


def _without_values(error: DBAPIError) -> str:
    """The server's sentence; the details below it may quote a row."""
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return said or databases.words_of(error)


def _may_read(place: PostgresSchema) -> str:
    schema, user = f'"{place.schema}"', _user(place)
    return f"GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user};"


def _may_write(place: PostgresSchema) -> str:
    return f'GRANT CREATE ON DATABASE "{make_url(place.url).database}" TO {_user(place)};'


def _user(place: PostgresSchema) -> str:
    return f'"{make_url(place.url).username or getpass.getuser()}"'


def _make_one_file(target: Path) -> None:
    with closing(sqlite3.connect(target)) as file:
        file.execute("PRAGMA journal_mode = DELETE")
