"""An older index is brought up to second copies, with its rows."""

from pathlib import Path

from sqlalchemy import insert, select

from storage.index.database import open_database
from storage.index.tables import COPY, SEGMENT
from tests.storage.index.older import brought_back
from tests.storage.index.test_tables import SEGMENT_ROW


def test_segment_of_an_older_index_has_no_copy(tmp_path: Path) -> None:
    older = brought_back(tmp_path / "index.db", "0008")
    with older.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW))
    older.dispose()
    engine = open_database(tmp_path / "index.db")
    with engine.connect() as connection:
        assert connection.execute(select(COPY.c.seg)).all() == []
        assert connection.execute(select(SEGMENT.c.seg)).all() == [("s",)]
    engine.dispose()
