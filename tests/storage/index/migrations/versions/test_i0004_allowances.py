"""An older index gets an empty table of allowances."""

from sqlalchemy import select

from config.database import Location
from storage.index.database import open_database
from storage.index.tables import ALLOWANCE
from tests.storage.index.older import brought_back


def test_nothing_is_allowed_in_an_older_index(location: Location) -> None:
    brought_back(location, "0003").dispose()
    engine = open_database(location)
    with engine.connect() as connection:
        assert connection.execute(select(ALLOWANCE)).all() == []
    engine.dispose()
