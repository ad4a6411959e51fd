"""An older index is brought up to damaged footage, with its rows."""

from pathlib import Path

from sqlalchemy import insert, select, text

from storage.index.database import open_database
from storage.index.tables import SEGMENT
from tests.storage.index.older import brought_back
from tests.storage.index.test_tables import SEGMENT_ROW


def test_segment_of_an_older_index_is_not_known_to_be_damaged(tmp_path: Path) -> None:
    older = brought_back(tmp_path / "index.db", "0005")
    with older.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW))
    older.dispose()
    engine = open_database(tmp_path / "index.db")
    with engine.connect() as connection:
        assert connection.execute(select(SEGMENT.c.damaged_utc_us, SEGMENT.c.damaged_why)).all() == [(None, None)]
        indices = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars()
        assert "ix_segment_damaged" in set(indices)
    engine.dispose()
