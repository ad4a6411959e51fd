"""An index or a register in a SQLite file: its engines, its files, what its errors mean."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from nvr.base.units import UtcUs
from storage.database_faults import Fault
from storage.durable import make_directory, remove_file, rename_file

_SUFFIXES: Final = ("", "-wal", "-shm")
"""In the order in which they go: SQLite drops a log without its database, and takes a database without its log."""
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_OF_THE_PROGRAM: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)


def writing_engine(path: Path, pragmas: Sequence[str]) -> Engine:
    """An engine for the file, made if absent; every connection begins with the pragmas."""
    make_directory(path.parent)
    return _with(create_engine(f"sqlite:///{path}"), pragmas)


def reading_engine(path: Path) -> Engine:
    """An engine for queries alone, of a file that exists; what one transaction asks is of one state of it."""
    engine = _with(create_engine(f"sqlite:///file:{path}?mode=ro&uri=true"), ["PRAGMA query_only = ON"])

    # Python's sqlite3 begins no transaction before a query: between two of them the writer would come.
    def begin_by_hand(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None

    event.listen(engine, "connect", begin_by_hand)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def remove(path: Path) -> None:
    """Remove the database with its log; nothing may have it open."""
    for suffix in _SUFFIXES:
        remove_file(path.with_name(path.name + suffix))


def set_aside(path: Path, now_utc_us: UtcUs) -> str:
    """Give the database, with its log, a name under which it can be looked at later; nothing may have it open."""
    aside = path.with_name(f"{path.name}.damaged-{now_utc_us}")
    for suffix in _SUFFIXES:
        source = path.with_name(path.name + suffix)
        if source.exists():
            rename_file(source, aside.with_name(aside.name + suffix))
    return aside.name


def files_of(path: Path) -> list[Path]:
    """The database and its log, whether they exist or not."""
    return [path.with_name(path.name + suffix) for suffix in _SUFFIXES]


def fault_of(error: sqlite3.Error) -> Fault:
    """What the error means for whoever acts on it."""
    if isinstance(error, _OF_THE_PROGRAM):
        return Fault.PROGRAM
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGE:
        return Fault.DAMAGED
    return Fault.MISFIT if code == sqlite3.SQLITE_ERROR else Fault.UNAVAILABLE


def _with(engine: Engine, pragmas: Sequence[str]) -> Engine:
    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    event.listen(engine, "connect", prepare)
    return engine
