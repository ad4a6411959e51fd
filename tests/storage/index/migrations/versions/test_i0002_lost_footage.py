"""An index of before lost footage had a date is brought up to it, with its rows."""

from sqlalchemy import insert, select

from config.database import Location
from storage.index.database import open_database
from storage.index.tables import SEGMENT
from tests.storage.index.older import brought_back
from tests.storage.index.test_tables import SEGMENT_ROW


def test_lost_segment_of_an_older_index_has_no_date(location: Location) -> None:
    older = brought_back(location, "0001")
    with older.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW | {"state": 4}))
    older.dispose()
    engine = open_database(location)
    with engine.connect() as connection:
        row = connection.execute(select(SEGMENT.c.state, SEGMENT.c.lost_utc_us, SEGMENT.c.lost_why)).one()
    engine.dispose()
    assert tuple(row) == (4, None, None)
