"""What index and register share: an SQLite engine with its pragmas, and the schema brought to its newest version."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry


def engine_at(path: Path, pragmas: Sequence[str]) -> Engine:
    """An engine for the file, made if absent; every connection begins with the pragmas."""

    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", prepare)
    return engine


def upgrade(connection: Connection, migrations: Path) -> None:
    """Run the Alembic migrations of this folder that the database has not seen, all or none.

    Raises:
        CommandError: the database is of a version that this program does not know.
    """
    # Python's sqlite3 begins a transaction before rows change, and not before tables do: a crash would leave half.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
