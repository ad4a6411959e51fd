"""The register's database: every commit durable, brought to the newest schema when opened."""

from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.errors import ConfigError, Retryable
from storage import databases
from storage.database_faults import Fault
from storage.databases import Schema

SCHEMA: Final = Schema(
    migrations=Path(__file__).parent / "migrations",
    pragmas=(
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",  # erased personal values leave the file, not only the table
    ),
    settings=("synchronous_commit = on",),
)


class RegisterUnavailable(Retryable):
    """The disk or the server does not give the register now."""

    message_id = "register-unavailable"


def open_database(location: Location) -> Engine:
    """The database there, made if absent, migrated if old.

    Raises:
        ConfigError: the file is no database, the database is of a newer version, or the server does not let us.
        RegisterUnavailable: the disk or the server does not give it.
        DatabaseInUse: another process writes it.
    """
    try:
        return databases.open_for_writing(location, SCHEMA)
    except (DBAPIError, CommandError) as error:
        if isinstance(error, CommandError):
            why = str(error)
        elif databases.fault_of(error) is Fault.UNAVAILABLE:
            raise RegisterUnavailable(file=str(location), why=databases.words_of(error)) from error
        else:
            why = databases.words_of(error)
        raise ConfigError(file=str(location), why=f"the register can not be opened: {why}") from error


def erase_leftovers(engine: Engine) -> None:
    """Take out of the database's files what rows hold no more, as far as the database can: docs/design/storage.md.

    SQLite overwrote the pages already; its log is brought in and emptied. PostgreSQL writes the tables anew.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            tables = ", ".join(f'"{name}"' for name in inspect(connection).get_table_names())
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {tables}")
