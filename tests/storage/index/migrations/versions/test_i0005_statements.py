"""An older index is brought up to statements, with its rows."""

from sqlalchemy import insert, select

from config.database import Location
from storage.index.database import open_database
from storage.index.tables import SEGMENT, STATEMENT
from tests.storage.index.older import brought_back
from tests.storage.index.test_tables import SEGMENT_ROW


def test_older_index_states_no_day_and_knows_no_date_of_what_is_gone(location: Location) -> None:
    older = brought_back(location, "0004")
    with older.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW | {"state": 3}))
    older.dispose()
    engine = open_database(location)
    with engine.connect() as connection:
        assert connection.execute(select(SEGMENT.c.expired_utc_us, SEGMENT.c.expire_reason)).all() == [(None, None)]
        assert connection.execute(select(STATEMENT)).all() == []
    engine.dispose()
