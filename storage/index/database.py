"""The index's database: SQLite in WAL mode, brought to the newest schema when it is opened."""

import sqlite3
from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from nvr.base.errors import ConfigError, EvidenceAtRisk, Retryable
from nvr.base.units import UtcUs
from storage.durable import make_directory, remove_file, rename_file
from storage.sqlite import engine_at, upgrade

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# synchronous=NORMAL: after a power cut the last transactions may be absent, never half there. The cursor is part of
# them, so that what is absent is applied again from the ledger.
PRAGMAS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")
_SUFFIXES: Final = ("", "-wal", "-shm")
"""In the order in which they go: SQLite drops a log without its database, and takes a database without its log."""
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""SQLITE_ERROR: the statements of a migration do not fit the tables that are there."""


class IndexDamaged(EvidenceAtRisk):
    """The index is no database, or not a whole one. Nothing is lost: it follows from the ledger and is made anew."""

    message_id = "index-damaged"


class IndexUnavailable(Retryable):
    """The disk does not give the index, or takes nothing for it."""

    message_id = "index-unavailable"


def open_database(path: Path) -> Engine:
    """The database at the path, made if absent, checked, migrated if old.

    Raises:
        IndexDamaged: it can not be read as what it is.
        IndexUnavailable: the disk refuses, or another process has it locked.
        ConfigError: it is of a newer version: `nvr-admin index rebuild` makes it anew.
    """
    make_directory(path.parent)
    engine = engine_at(path, PRAGMAS)
    try:
        with engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if found != "ok":
                raise IndexDamaged(file=str(path), why=str(found))
            upgrade(connection, MIGRATIONS)
    except Exception as error:
        engine.dispose()
        if isinstance(error, CommandError):
            raise ConfigError(file=str(path), why=f"the index can not be opened: {error}") from error
        if isinstance(error, DatabaseError):
            raise translated(path, error) from error
        raise
    return engine


def open_for_reading(path: Path) -> Engine:
    """The database at the path, for queries alone; the keeper may write meanwhile.

    Raises:
        ConfigError: there is none.
    """
    if not path.exists():
        raise ConfigError(file=str(path), why="there is no index: the keeper has not run yet")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    event.listen(engine, "connect", _refuse_writes)
    return engine


def remove_database(path: Path) -> None:
    """Remove the database with its log; nothing may have it open."""
    for suffix in _SUFFIXES:
        remove_file(path.with_name(path.name + suffix))


def set_database_aside(path: Path, now_utc_us: UtcUs) -> Path:
    """Give the database, with its log, a name under which it can be looked at later; nothing may have it open."""
    aside = path.with_name(f"{path.name}.damaged-{now_utc_us}")
    for suffix in _SUFFIXES:
        source = path.with_name(path.name + suffix)
        if source.exists():
            rename_file(source, aside.with_name(aside.name + suffix))
    return aside


def translated(path: Path, error: DatabaseError) -> IndexDamaged | IndexUnavailable:
    """What an error of the database means for whoever acts on it."""
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    kind = IndexDamaged if code in _DAMAGE else IndexUnavailable
    return kind(file=str(path), why=str(error.orig))


def _refuse_writes(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")
