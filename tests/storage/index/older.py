"""An index database as an earlier version of this program left it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from storage.index.database import MIGRATIONS, PRAGMAS
from storage.sqlite import engine_at


def brought_back(path: Path, revision: str) -> Engine:
    """A new, empty database at this revision of the chain."""
    engine = engine_at(path, PRAGMAS)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine
