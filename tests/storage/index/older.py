"""An index database as an earlier version of this program left it."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from config.database import Location
from storage import databases
from storage.index.database import SCHEMA


def brought_back(location: Location, revision: str) -> Engine:
    """A new, empty database at this revision of the chain."""
    engine = databases.writing_engine(location, SCHEMA)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(SCHEMA.migrations))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine
