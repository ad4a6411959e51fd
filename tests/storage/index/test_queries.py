"""Questions to the index, against a plain list of the same segments."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.errors import ConfigError
from nvr.base.ids import CameraId
from storage.index.queries import IndexReader
from storage.index.tables import SEGMENT, SegmentState
from storage.index.writer import Index
from storage.ledger.machine import Body, Boot, Expire, Expired
from tests.storage.index.entries import gap, leaves
from tests.storage.ledger.samples import ENTRIES, HOUR_US, KEY, NOW_UTC_US, hold, seal, uuid

CAMERA = CameraId("hall-1")
SEGMENT_US = 300_000_000


@settings(max_examples=15)
@given(
    lengths=st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=12),
    from_utc_us=st.integers(min_value=0, max_value=300),
    width=st.integers(min_value=1, max_value=100),
)
def test_segments_of_an_interval_are_those_that_overlap_it(
    empty_index: Callable[[], Index], lengths: list[int], from_utc_us: int, width: int
) -> None:
    index = empty_index()
    seals = [
        seal(number, start_utc_us=20 * number).model_copy(update={"end_utc_us": 20 * number + length})
        for number, length in enumerate(lengths)
    ]
    index.apply(leaves([*seals, seal(99, camera="other", start_utc_us=from_utc_us)]))
    found = index.segments(CAMERA, from_utc_us, from_utc_us + width)
    expected = [one.seg for one in seals if one.start_utc_us < from_utc_us + width and one.end_utc_us > from_utc_us]
    assert [row.seg for row in found] == expected


def test_destroyed_segments_are_found_only_when_asked_for(index: Index) -> None:
    doom = Expire(segs=(uuid(1),), reason="cap", deadline_utc_us=1)
    index.apply(leaves([seal(1), doom, Expired(segs=(uuid(1),), bytes=1, cameras=())]))
    assert index.segments(CAMERA, 0, NOW_UTC_US) == []
    assert [row.state for row in index.segments(CAMERA, 0, NOW_UTC_US, tuple(SegmentState))] == [SegmentState.GONE]
    assert index.oldest() == {}


def test_day_of_a_camera_has_its_segments_and_gaps(index: Index) -> None:
    index.apply(leaves([seal(1), seal(2, start_utc_us=NOW_UTC_US), gap(to_utc_us=NOW_UTC_US), seal(3, camera="other")]))
    coverage = index.coverage(CAMERA, NOW_UTC_US - HOUR_US, NOW_UTC_US + HOUR_US)
    assert [row.seg for row in coverage.segments] == [uuid(1), uuid(2)]
    assert [row.gap for row in coverage.gaps] == [uuid(0x400)]
    assert index.coverage(CAMERA, 0, 5).segments == ()


def test_open_gap_overlaps_everything_after_it(index: Index) -> None:
    index.apply(leaves([gap()]))
    assert len(index.gaps(CAMERA, NOW_UTC_US, NOW_UTC_US + 1)) == 1
    assert index.gaps(CAMERA, 0, NOW_UTC_US - HOUR_US) == []


def test_oldest_footage_of_each_camera(index: Index) -> None:
    index.apply(leaves([seal(2, start_utc_us=50), seal(1, start_utc_us=90), seal(3, camera="other", start_utc_us=70)]))
    assert index.oldest() == {CAMERA: 50, "other": 70}


def test_pages_of_sealed_segments_leave_none_out(index: Index) -> None:
    index.apply(leaves([seal(number, start_utc_us=100 * (number // 3)) for number in range(20)]))
    seen: list[str] = []
    after = (-1, "")
    while page := index.begun_before(500, SegmentState.SEALED, 3, after):
        seen += [row.seg for row in page]
        after = (page[-1].start_utc_us, page[-1].seg)
    assert seen == [uuid(number) for number in range(15)]


def test_doomed_under_hold_is_not_given_for_destruction(index: Index) -> None:
    doom = Expire(segs=(uuid(1), uuid(2)), reason="cap", deadline_utc_us=1)
    index.apply(leaves([seal(1), seal(2, camera="other"), doom]))
    assert [row.seg for row in index.doomed(NOW_UTC_US, 9)] == [uuid(1), uuid(2)]
    index.apply(leaves([hold()], first=3))
    assert [row.seg for row in index.doomed(NOW_UTC_US, 9)] == [uuid(2)]


def test_what_is_destroyed_at_once_lies_together_and_is_among_the_oldest(index: Index) -> None:
    cameras = ("c", "a", "b") * 4
    bodies: list[Body] = [
        seal(0x100 + number, camera, NOW_UTC_US + number * HOUR_US) for number, camera in enumerate(cameras)
    ]
    segs = tuple(uuid(0x100 + number) for number in range(len(cameras)))
    first = index.progress().applied_size
    doomed = Expire(segs=segs, reason="cap", deadline_utc_us=NOW_UTC_US)
    index.apply(leaves([*bodies, doomed], first=first))
    found = index.doomed(NOW_UTC_US, 4)
    assert [(row.camera, row.start_utc_us) for row in found] == [
        ("a", NOW_UTC_US + number * HOUR_US) for number in (1, 4, 7, 10)
    ]


def test_volume_is_listed_page_by_page(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.index.queries._PAGE", 2)
    index.apply(leaves([seal(number) for number in range(5)]))
    pages = list(index.of_volume(uuid(0x300), [SegmentState.SEALED]))
    assert [row.seg for page in pages for row in page] == [uuid(number) for number in range(5)]
    assert list(index.of_volume(uuid(0x301), [SegmentState.SEALED])) == []


def test_camera_is_known_until_footage_or_gap_ends(index: Index) -> None:
    boot = Boot(public=KEY, sw="s", shards=1, utc_us=1, mono_us=1)
    index.apply(leaves([boot, seal(1, start_utc_us=1000), gap(from_utc_us=10, to_utc_us=20)]))
    assert index.known_until(0) == {CAMERA: 1000 + SEGMENT_US}
    index.apply(leaves([gap(0x401, from_utc_us=NOW_UTC_US, to_utc_us=NOW_UTC_US + 5)], first=3))
    assert index.known_until(0) == {CAMERA: NOW_UTC_US + 5}
    assert index.known_until(1) == {}


def test_orders_are_given_as_they_stand(index: Index) -> None:
    body = ENTRIES["authorisation"].body.model_copy(update={"cameras": (CAMERA,)})
    index.apply(leaves([body]))
    (order,) = index.orders()
    assert (order.retention_days, order.minimum_days, order.cameras) == (15, 7, frozenset({CAMERA}))


def test_key_of_a_segment_is_found_by_its_row(index: Index) -> None:
    index.apply(leaves([seal(1)]))
    row = index.segment(uuid(1))
    assert row is not None
    assert (row.key_ref.segment, row.key_ref.start_utc_us, row.key_ref.shard) == (row.seg, row.start_utc_us, 0)


def test_reader_sees_what_the_writer_committed_and_can_not_write(index: Index, index_location: Location) -> None:
    reader = IndexReader.at(index_location)
    index.apply(leaves([seal(1)]))
    assert reader.progress().applied_size == 1
    assert len(reader.segments(CAMERA, 0, NOW_UTC_US)) == 1
    with reader._engine.connect() as connection, pytest.raises(DBAPIError, match=r"readonly|read-only"):
        connection.exec_driver_sql("DELETE FROM segment")
    reader.close()


def test_question_of_several_parts_sees_one_state_though_the_writer_goes_on(
    index: Index, index_location: Location
) -> None:
    index.apply(leaves([seal(1)]))
    count = select(func.count()).select_from(SEGMENT)

    def asked_twice(connection: Connection) -> list[int | None]:
        before = connection.scalar(count)
        index.apply(leaves([seal(2)], first=1))
        return [before, connection.scalar(count)]

    reader = IndexReader.at(index_location)
    assert reader.answer(asked_twice) == [1, 1]
    assert reader.answer(lambda connection: connection.scalar(count)) == 2
    reader.close()


def test_reader_without_an_index_is_a_fault_of_configuration(location: Location) -> None:
    with pytest.raises(ConfigError):
        IndexReader.at(location)
