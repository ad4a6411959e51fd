"""One index for most tests of this folder, empty for each: making one takes longer than most of them."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete, update

from config.database import Location
from storage.index.tables import METADATA, PROGRESS
from storage.index.writer import Index


@pytest.fixture(scope="session")
def index_location(new_location: Callable[[], Location]) -> Location:
    """Where it is."""
    return new_location()


@pytest.fixture(scope="session")
def empty_index(index_location: Location) -> Iterator[Callable[[], Index]]:
    """Gives the same index each time, emptied."""
    index = Index(index_location)

    def emptied() -> Index:
        with index._engine.begin() as connection:
            for table in METADATA.tables.values():
                if table is not PROGRESS:
                    connection.execute(delete(table))
            begun = {"applied_size": 0, "ledger_utc_us": 0, "longest_us": 0, "rebuilt_utc_us": None}
            connection.execute(update(PROGRESS).values(begun))
        return index

    yield emptied
    index.close()


@pytest.fixture
def index(empty_index: Callable[[], Index]) -> Index:
    """It."""
    return empty_index()
