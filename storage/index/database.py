"""The index's database: SQLite in WAL mode, brought to the newest schema when it is opened."""

import sqlite3
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from nvr.base.errors import ConfigError
from storage.durable import make_directory, remove_file

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# synchronous=NORMAL: after a power cut the last transactions may be absent, never half there. The cursor is part of
# them, so that what is absent is applied again from the ledger.
PRAGMAS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")


def open_database(path: Path) -> Engine:
    """The database at the path, made if absent, migrated if old.

    Raises:
        ConfigError: the file is no database, or of a newer version: `nvr-admin index rebuild` makes it anew.
    """
    make_directory(path.parent)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare)
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (DatabaseError, CommandError) as error:
        engine.dispose()
        raise ConfigError(file=str(path), why=f"the index can not be opened: {error}") from error
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
    for suffix in ("-wal", "-shm", ""):
        remove_file(path.with_name(path.name + suffix))


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _refuse_writes(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")
