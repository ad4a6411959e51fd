"""How index and register are opened, whichever database holds them: one choice, by where they are."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.units import UtcUs
from storage import postgresql, sqlite
from storage.database_faults import Fault


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database is: its migrations, and what each connection that writes begins with."""

    migrations: Path
    pragmas: tuple[str, ...]
    """Of SQLite."""
    settings: tuple[str, ...]
    """Of PostgreSQL."""


def open_for_writing(location: Location, schema: Schema) -> Engine:
    """The database there, made if absent, migrated if old, all or none.

    Raises:
        CommandError: it is of a version that this program does not know.
        DBAPIError: the database refuses; `fault_of` says what that means.
        DatabaseInUse: another process writes it.
        ConfigError: the server or its database can not be used for it.
    """
    engine = writing_engine(location, schema)
    try:
        with engine.begin() as connection:
            upgrade(connection, schema.migrations)
    except BaseException:
        engine.dispose()
        raise
    return engine


def writing_engine(location: Location, schema: Schema) -> Engine:
    """An engine for the only writer, of a database as it is; raises at each connection, as `open_for_writing`."""
    if isinstance(location, Path):
        return sqlite.writing_engine(location, schema.pragmas)
    return postgresql.writing_engine(location, schema.settings)


def open_for_reading(location: Location) -> Engine | None:
    """The database there, for queries alone; its writer may write meanwhile. None: there is none.

    Raises:
        DBAPIError: the server does not say.
    """
    if isinstance(location, Path):
        return sqlite.reading_engine(location) if location.exists() else None
    return postgresql.reading_engine(location)


def exists(location: Location) -> bool:
    """Whether there is one. Raises as `open_for_reading`."""
    engine = open_for_reading(location)
    if engine is not None:
        engine.dispose()
    return engine is not None


def remove(location: Location) -> None:
    """Remove it; nothing may have it open."""
    if isinstance(location, Path):
        sqlite.remove(location)
    else:
        postgresql.remove(location)


def set_aside(location: Location, now_utc_us: UtcUs) -> str:
    """Give it another name, under which it can be looked at later, and say that; nothing may have it open."""
    if isinstance(location, Path):
        return sqlite.set_aside(location, now_utc_us)
    return postgresql.set_aside(location, now_utc_us)


def fault_of(error: DBAPIError) -> Fault:
    """What the error means for whoever acts on it."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return sqlite.fault_of(cause)
    return Fault.PROGRAM if cause is None else postgresql.fault_of(cause)


def words_of(error: DBAPIError) -> str:
    """What the database says, in one line and without our statement."""
    return " ".join(str(error.orig).split())


def revision_of(connection: Connection) -> str | None:
    """The version of the schema that the connection sees; None: there is none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision(schema: Schema) -> str | None:
    """The version to which this program brings a database."""
    return ScriptDirectory.from_config(_config(schema.migrations)).get_current_head()


def upgrade(connection: Connection, migrations: Path) -> None:
    """Run the Alembic migrations of this folder that the database has not seen, all or none.

    Raises:
        CommandError: the database is of a version that this program does not know.
    """
    if connection.dialect.name == "sqlite":
        # Python's sqlite3 begins a transaction before rows change, and not before tables do: a crash would leave half.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # Rows may be lost with the server's last moment, where the engine says so; tables may not.
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
    config = _config(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config
