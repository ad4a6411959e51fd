"""The register's database: SQLite in WAL mode, every commit durable, brought to the newest schema when opened."""

from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from nvr.base.errors import ConfigError
from storage.durable import make_directory
from storage.sqlite import engine_at, upgrade

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
    engine = engine_at(path, PRAGMAS)
    try:
        with engine.begin() as connection:
            upgrade(connection, MIGRATIONS)
    except (DatabaseError, CommandError) as error:
        engine.dispose()
        raise ConfigError(file=str(path), why=f"the register can not be opened: {error}") from error
    return engine


def empty_log(engine: Engine) -> None:
    """Bring the write-ahead log into the file and empty it: pages that were erased must not linger there."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
