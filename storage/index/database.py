"""The index's database: brought to the newest schema when it is opened, and made anew when it is damaged."""

from pathlib import Path
from typing import Final

from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.errors import ConfigError, EvidenceAtRisk, Retryable
from storage import databases
from storage.database_faults import Fault
from storage.databases import Schema

# After a power cut the last transactions may be absent, never half there. The cursor is part of them, so that what is
# absent is applied again from the ledger.
SCHEMA: Final = Schema(
    migrations=Path(__file__).parent / "migrations",
    pragmas=("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"),
    settings=("synchronous_commit = off",),
)


class IndexDamaged(EvidenceAtRisk):
    """The index is no database, or not a whole one. Nothing is lost: it follows from the ledger and is made anew."""

    message_id = "index-damaged"


class IndexUnavailable(Retryable):
    """The disk or the server does not give the index, or takes nothing for it."""

    message_id = "index-unavailable"


def open_database(location: Location) -> Engine:
    """The database there, made if absent, migrated if old. Whether all of it is whole, `storage.index.wholeness` says.

    Raises:
        IndexDamaged: it can not be read as what it is.
        IndexUnavailable: the disk or the server refuses, or another process has it locked.
        DatabaseInUse: another keeper writes it.
        ConfigError: it is of a newer version: `nvr-admin index rebuild` makes it anew. Or the server does not let us.
    """
    try:
        return databases.open_for_writing(location, SCHEMA)
    except CommandError as error:
        raise ConfigError(file=str(location), why=f"the index can not be opened: {error}") from error
    except DBAPIError as error:
        fault = databases.fault_of(error)
        if fault is Fault.REFUSED:
            raise ConfigError(file=str(location), key="database.index", why=databases.words_of(error)) from error
        raise (unavailable if fault is Fault.UNAVAILABLE else _damaged)(location, error) from error


def open_for_reading(location: Location) -> Engine:
    """The database there, for queries alone; the keeper may write meanwhile.

    Raises:
        ConfigError: there is none.
        IndexUnavailable: the server does not answer.
    """
    try:
        engine = databases.open_for_reading(location)
    except DBAPIError as error:
        raise unavailable(location, error) from error
    if engine is None:
        raise ConfigError(file=str(location), why="there is no index: the keeper has not run yet")
    return engine


def unavailable(location: Location, error: DBAPIError) -> IndexUnavailable:
    """The error for whoever tries again."""
    return IndexUnavailable(file=str(location), why=databases.words_of(error))


def _damaged(location: Location, error: DBAPIError) -> IndexDamaged:
    return IndexDamaged(file=str(location), why=databases.words_of(error))
