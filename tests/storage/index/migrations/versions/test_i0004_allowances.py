"""An older index gets an empty table of allowances."""

from pathlib import Path

from sqlalchemy import select

from storage.index.database import open_database
from storage.index.tables import ALLOWANCE
from tests.storage.index.older import brought_back


def test_nothing_is_allowed_in_an_older_index(tmp_path: Path) -> None:
    brought_back(tmp_path / "index.db", "0003").dispose()
    engine = open_database(tmp_path / "index.db")
    with engine.connect() as connection:
        assert connection.execute(select(ALLOWANCE)).all() == []
    engine.dispose()
