"""The register's database: SQLite in WAL mode, every commit durable, brought to the newest schema when opened."""

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
from storage.durable import make_directory

MIGRATIONS: Final = Path(__file__).parent / "migrations"
PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased personal values leave the file, not only the table
)


def open_database(path: Path) -> Engine:
    """The database at the path, made if absent, migrated if old.

    Raises:
        ConfigError: the file is no database, or of a newer version.
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
        raise ConfigError(file=str(path), why=f"the register can not be opened: {error}") from error
    return engine


def empty_log(engine: Engine) -> None:
    """Bring the write-ahead log into the file and empty it: pages that were erased must not linger there."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma)
