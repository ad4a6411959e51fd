"""An index that lacks a page is found out, and a check does not outlast its end."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert

from config.database import Location
from storage.index.database import IndexDamaged, IndexUnavailable, open_database
from storage.index.tables import SEGMENT
from storage.index.wholeness import Wholeness
from tests.storage.index.test_tables import SEGMENT_ROW

PAGE_BYTES = 4096


def test_index_is_whole_beside_its_writer(location: Location) -> None:
    engine = open_database(location)
    with engine.begin() as connection:
        connection.execute(insert(SEGMENT).values(SEGMENT_ROW))
        Wholeness(location).check()
    engine.dispose()


def spoil_a_page_of_segments(path: Path) -> None:
    """One page of many segments is full of nonsense; the tables that are read at the start are as they were."""
    engine = open_database(path)
    with engine.begin() as connection:
        connection.execute(insert(SEGMENT), [SEGMENT_ROW | {"seg": f"s{n}", "end_utc_us": n + 5} for n in range(500)])
    engine.dispose()
    content = bytearray(path.read_bytes())
    page = content.rindex(b"s250") // PAGE_BYTES * PAGE_BYTES
    content[page : page + PAGE_BYTES] = b"\xff" * PAGE_BYTES
    path.write_bytes(content)


def test_page_that_is_not_what_it_was_is_found_though_the_index_opens(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    spoil_a_page_of_segments(path)
    open_database(path).dispose()
    with pytest.raises(IndexDamaged):
        Wholeness(path).check()


def test_index_that_the_disk_does_not_give_is_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable):
        Wholeness(tmp_path / "absent.db").check()


class Endless(sqlite3.Connection):
    """Reads for ever, whatever it is asked."""

    began = threading.Event()

    def execute(self, *_: object) -> sqlite3.Cursor:
        self.create_function("begins", 0, self.began.set)
        return super().execute(
            "WITH RECURSIVE n(x) AS (SELECT begins() UNION ALL SELECT x FROM n) SELECT count(*) FROM n"
        )


def test_check_that_is_ended_comes_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.db"
    open_database(path).dispose()
    monkeypatch.setattr("storage.index.wholeness.sqlite3.connect", partial(sqlite3.connect, factory=Endless))
    wholeness = Wholeness(path)
    with ThreadPoolExecutor(1) as thread:
        checked = thread.submit(wholeness.check)
        assert Endless.began.wait(30)
        wholeness.end()
        checked.result(30)
