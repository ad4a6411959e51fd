"""The tables of `ledger.db`, and how it is opened (docs/design/ledger.md, "Storage").

The standard library's sqlite3 and not SQLAlchemy: this file is a format of ours that never lives in another
database, its few statements run thousands of times a second, and the transaction is the promise.
"""

import sqlite3
from pathlib import Path
from typing import Final

from nvr.base.errors import Retryable

SCHEMA_VERSION: Final = 1

_BUSY_MS: Final = 10_000

_TABLES: Final = """
CREATE TABLE entry (
    idx   INTEGER PRIMARY KEY CHECK (idx >= 0),
    leaf  BLOB NOT NULL CHECK (length(leaf) BETWEEN 1 AND 65535),
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    type  TEXT NOT NULL,
    act   TEXT UNIQUE,
    boot  TEXT,
    shard INTEGER,
    n     INTEGER,
    UNIQUE (boot, shard, n)
) STRICT;
CREATE TABLE node (
    level INTEGER NOT NULL CHECK (level >= 1),
    idx   INTEGER NOT NULL,
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;
"""

_NEVER: Final = """
CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""

_GUARDED: Final = tuple((table, verb) for table in ("entry", "node", "checkpoint") for verb in ("UPDATE", "DELETE"))


class LedgerUnavailable(Retryable):
    """The database did not take or give what was asked (disk full, I/O error); nothing was appended."""

    message_id = "ledger-unavailable"


def create_database(path: Path) -> None:
    """Make the tables and their triggers, unless they are there.

    Raises:
        LedgerUnavailable: the disk refused.
    """
    triggers = "".join(_NEVER.format(table=table, verb=verb) for table, verb in _GUARDED)
    try:
        connection = _connect(path, "rwc")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                connection.executescript(f"BEGIN;{_TABLES}{triggers}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise LedgerUnavailable(file=str(path), why=str(error)) from error


def cut_copy(connection: sqlite3.Connection, size: int) -> None:
    """Leave the first `size` entries of a copy, with their nodes and checkpoints; never called on a ledger in use."""
    dropped = "".join(f"DROP TRIGGER {table}_{verb};" for table, verb in _GUARDED)
    made = "".join(_NEVER.format(table=table, verb=verb) for table, verb in _GUARDED)
    cut = (
        f"DELETE FROM entry WHERE idx >= {size:d};"  # noqa: S608 -- a number
        f"DELETE FROM node WHERE (idx + 1) << level > {size:d};"
        f"DELETE FROM checkpoint WHERE size > {size:d};"
    )
    connection.executescript(f"BEGIN;{dropped}{cut}{made}COMMIT;")


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection to an existing database, in autocommit mode; transactions are begun by hand.

    WAL with synchronous=FULL: what was committed survives a power cut. It may be used from another thread than the
    one that opened it, by one thread at a time.

    Raises:
        LedgerUnavailable: there is no such database, or it is of another version.
    """
    try:
        connection = _connect(path, "ro" if read_only else "rw")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise LedgerUnavailable(file=str(path), why=str(error)) from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise LedgerUnavailable(file=str(path), why=f"version {version}, this program knows {SCHEMA_VERSION}")
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        if mode != "ro":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
