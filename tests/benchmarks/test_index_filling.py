"""The index that is measured is one that the keeper could have: every column of its tables stands in it."""

from collections.abc import Callable
from contextlib import closing

from benchmarks.index_filling import CAMERAS, DAYS, START_UTC_US, fill, now_utc_us
from config.database import Location
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.index.writer import Index

SEGMENTS = CAMERAS * 300


def test_filled_index_answers_as_one_of_a_town(new_location: Callable[[], Location]) -> None:
    location = new_location()
    Index(location).close()
    fill(location, SEGMENTS)
    now = now_utc_us(SEGMENTS)
    with closing(IndexReader.at(location)) as reader:
        day = reader.coverage(CameraId("cam-1"), START_UTC_US, START_UTC_US + US_PER_DAY)
        assert len(day.segments) == 287
        assert {segment.state for segment in day.segments} == {SegmentState.SEALED}
        assert len(day.gaps) == 1
        assert len(reader.timelines(now - DAYS * US_PER_DAY, now)) == CAMERAS
