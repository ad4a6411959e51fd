"""An index or a register in a schema of a PostgreSQL database: its engines, its schema, what its errors mean.

A writer holds an advisory lock of the database from the first to the last moment of its connection: a second writer is
refused, on whatever machine it runs, and migrations are never run twice at once.
"""

import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import DropSchema

from config.database import PostgresSchema, password_in
from nvr.base.errors import ConfigError
from nvr.base.units import UtcUs
from storage.database_faults import DatabaseInUse, Fault

_LOCK_CLASS: Final = 0x5CE11E
"""Tells our advisory locks from those of other programs in the same database."""
LOCK_TIMEOUT_MS: Final = 2000
"""A writer whose forerunner ends meanwhile begins; one whose forerunner goes on is refused."""
_TIMEOUTS: Final = {"connect_timeout": "10", "tcp_user_timeout": "30000"}
"""Seconds and milliseconds: a server that is gone without a word must not hold a role for minutes."""

# Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html, by the first two characters.
_AWAY: Final = frozenset({"08", "25", "40", "53", "55", "57", "58"})
_REFUSED: Final = frozenset({"28", "3D"})
_NO_PRIVILEGE: Final = "42501"
_LOCKED: Final = "55P03"
_DAMAGE: Final = frozenset({"XX001", "XX002"})
_MISFIT: Final = "42"


def writing_engine(place: PostgresSchema, settings: Sequence[str]) -> Engine:
    """An engine of one connection, the only writer, which begins with these settings; the schema is made if absent.

    Raises:
        ConfigError: at each connection: the database can not hold our texts, or the password can not be read.
        DatabaseInUse: at each connection: another process writes.
    """

    def prepare(cursor: Any) -> None:  # noqa: ANN401 -- the driver's
        _become_writer(cursor, place)
        _demand_plain_order(cursor, place)
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (place.schema,))
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE SCHEMA "{place.schema}"')
        for setting in settings:
            cursor.execute(f"SET {setting}")

    return _engine(place, prepare, pool_size=1, max_overflow=0)


def reading_engine(place: PostgresSchema) -> Engine | None:
    """An engine whose transactions are read-only, each of one state of the database; None: there is no such schema."""

    def prepare(cursor: Any) -> None:  # noqa: ANN401 -- the driver's
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")

    engine = _engine(place, prepare)
    there = False
    try:
        with engine.connect() as connection:
            # A schema that we may not use is not one that is absent: the second question is refused there.
            question = f"SELECT current_schema(), to_regclass('\"{place.schema}\".nothing')"
            there = connection.exec_driver_sql(question).scalar() == place.schema
    finally:
        if not there:
            engine.dispose()
    return engine if there else None


def remove(place: PostgresSchema) -> None:
    """Drop the schema with all that is in it. Raises as `writing_engine`."""
    _alone(place, lambda connection: connection.execute(DropSchema(place.schema, cascade=True, if_exists=True)))


def set_aside(place: PostgresSchema, now_utc_us: UtcUs) -> str:
    """Give the schema a name under which it can be looked at later, and say it. Raises as `writing_engine`."""
    aside = f"{place.schema}_damaged_{now_utc_us}"
    _alone(place, lambda connection: connection.exec_driver_sql(f'ALTER SCHEMA "{place.schema}" RENAME TO "{aside}"'))
    return aside


def fault_of(error: BaseException) -> Fault:
    """What an error of the driver means for whoever acts on it."""
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:  # the connection could not be made, or broke
        return Fault.UNAVAILABLE if type(error).__name__ == "OperationalError" else Fault.PROGRAM
    if state[:2] in _AWAY:
        return Fault.UNAVAILABLE
    if state in _DAMAGE:
        return Fault.DAMAGED
    if state == _NO_PRIVILEGE or state[:2] in _REFUSED:
        return Fault.REFUSED
    return Fault.MISFIT if state[:2] == _MISFIT else Fault.PROGRAM


def _engine(place: PostgresSchema, prepare: Callable[[Any], None], **pool: Any) -> Engine:  # noqa: ANN401 -- options
    url = make_url(place.url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        url, pool_pre_ping=True, connect_args={"client_encoding": "UTF8"}, hide_parameters=True, **pool
    )

    def connecting(_: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]) -> None:
        for name, value in _TIMEOUTS.items():
            arguments.setdefault(name, value)
        if place.password_file is not None:
            arguments["password"] = password_in(place.password_file)

    def connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        try:
            connection.autocommit = True
            with closing(connection.cursor()) as cursor:
                cursor.execute(f'SET search_path TO "{place.schema}"')
                prepare(cursor)
            connection.autocommit = False
        except BaseException as error:
            connection.close()
            base = engine.dialect.loaded_dbapi.Error
            if isinstance(error, base):
                raise DBAPIError.instance(None, None, error, base) from error
            raise

    event.listen(engine, "do_connect", connecting)
    event.listen(engine, "connect", connected, insert=True)  # before SQLAlchemy asks which schema is its own
    return engine


def _alone(place: PostgresSchema, work: Callable[[Connection], object]) -> None:
    engine = writing_engine(place, ())
    try:
        with engine.begin() as connection:
            work(connection)
    finally:
        engine.dispose()


def _become_writer(cursor: Any, place: PostgresSchema) -> None:  # noqa: ANN401 -- the driver's
    """Take the lock. The server lets go of one a moment after its session ended, so that ours waits for that."""
    cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    try:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_CLASS, _number(place.schema)))
    except Exception as error:
        if getattr(error, "sqlstate", None) == _LOCKED:
            raise DatabaseInUse(database=str(place)) from error
        raise
    cursor.execute("RESET lock_timeout")


def _demand_plain_order(cursor: Any, place: PostgresSchema) -> None:  # noqa: ANN401 -- the driver's
    """Texts must be ordered by their bytes: another order changes with the system's libraries, under an index."""
    cursor.execute("SELECT 'B' < 'a' AND 'a-c' < 'ab', current_setting('server_encoding')")
    plain, encoding = cursor.fetchone()
    if not plain or encoding != "UTF8":
        how = "createdb --template template0 --locale C --encoding UTF8"
        why = f"the database must have collation C and encoding UTF8: {how}"
        raise ConfigError(file=str(place), key="database", why=why)


def _number(schema: str) -> int:
    """A number for the lock: 32 bits, signed."""
    return zlib.crc32(schema.encode()) - (1 << 31)
