"""An index of before segments told what they continue is brought up to it, with its rows."""

from sqlalchemy import insert, select

from config.database import Location
from storage.index.database import open_database
from storage.index.tables import SEGMENT
from tests.storage.index.older import brought_back
from tests.storage.index.test_tables import SEGMENT_ROW


def test_segment_of_an_older_index_continues_none(location: Location) -> None:
    older = brought_back(location, "0002")
    with older.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW))
    older.dispose()
    engine = open_database(location)
    with engine.connect() as connection:
        assert connection.execute(select(SEGMENT.c.seg, SEGMENT.c.continues)).all() == [("s", None)]
    engine.dispose()
