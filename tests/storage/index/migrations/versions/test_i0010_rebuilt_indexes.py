"""An older index is brought up to knowing when it was made anew, with how far it is."""

from collections.abc import Callable
from contextlib import closing

from sqlalchemy import text

from config.database import Location
from nvr.base.units import UtcUs
from storage.index.rows import Progress
from storage.index.writer import Index
from tests.storage.index.older import brought_back


def test_older_index_was_not_made_anew_and_is_as_far_as_it_was(new_location: Callable[[], Location]) -> None:
    location = new_location()
    older = brought_back(location, "0009")
    with older.begin() as connection:
        connection.execute(text("UPDATE progress SET applied_size = 7, ledger_utc_us = 9"))
    older.dispose()
    with closing(Index(location)) as index:
        assert index.progress() == Progress(7, UtcUs(9))
        assert index.rebuilt_utc_us() is None
