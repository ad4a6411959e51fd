"""What lies on a volume, what of it is held, and what of held footage is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.index.lives import TAKEN_OUT
from storage.index.on_volume import (
    Total,
    discarded,
    footage_on,
    held_on,
    held_total_on,
    lost_under_hold,
    total_on,
    volumes_with_footage,
)
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Expire, Missing, Seal
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, hold, seal, uuid

MINUTE_US = 60_000_000
HERE, ELSEWHERE = seal(1).volume, uuid(0x999)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def segment(number: int, minute: int, camera: str = "hall-1", volume: str = HERE) -> Seal:
    start = NOW_UTC_US + minute * MINUTE_US
    changes = {"volume": volume, "end_utc_us": start + MINUTE_US, "file_bytes": 10 * number}
    return seal(number, camera=camera, start_utc_us=start).model_copy(update=changes)


def missing(sealed: Seal, why: str) -> Missing:
    start, end = sealed.start_utc_us, sealed.end_utc_us
    return Missing(seg=sealed.seg, camera=sealed.camera, start_utc_us=start, end_utc_us=end, why=why)


SEALS = [segment(1, 0), segment(2, 1), segment(3, 9), segment(4, 2, volume=ELSEWHERE), segment(5, 0, "gare")]
HOLD = hold().model_copy(
    update={"from_utc_us": NOW_UTC_US + MINUTE_US + 1, "to_utc_us": NOW_UTC_US + 3 * MINUTE_US, "until_utc_us": None}
)


def test_footage_of_a_volume_is_told_camera_by_camera_without_what_lies_elsewhere(index: Index) -> None:
    index.apply(leaves(SEALS))
    gare, hall = index.answer(lambda connection: footage_on(connection, HERE, SegmentState.SEALED))
    assert (gare.camera, gare.segments, gare.bytes) == ("gare", 1, 50)
    assert (hall.camera, hall.segments, hall.bytes, hall.length_us) == ("hall-1", 3, 60, 3 * MINUTE_US)
    assert (hall.from_utc_us, hall.last_utc_us) == (NOW_UTC_US, NOW_UTC_US + 9 * MINUTE_US)
    assert hall.to_utc_us == NOW_UTC_US + 10 * MINUTE_US
    assert index.answer(lambda connection: footage_on(connection, HERE, SegmentState.LOST)) == []
    assert index.answer(volumes_with_footage) == sorted([HERE, ELSEWHERE])


def test_holds_are_told_with_what_they_cover_there(index: Index) -> None:
    long = segment(9, 20, "gare")
    long = long.model_copy(update={"end_utc_us": long.start_utc_us + 10 * MINUTE_US, "volume": ELSEWHERE})
    index.apply(leaves([*SEALS, long, HOLD]))
    (held,) = index.answer(lambda connection: held_on(connection, HERE, NOW_UTC_US))
    assert (held.hold, held.stretch.segments, held.stretch.from_utc_us) == (HOLD.hold, 1, NOW_UTC_US + MINUTE_US)
    assert index.answer(lambda connection: held_total_on(connection, HERE, NOW_UTC_US)) == Total(1, 20)
    assert index.answer(lambda connection: total_on(connection, HERE)) == Total(4, 110)


def test_hold_that_has_run_out_keeps_nothing(index: Index) -> None:
    index.apply(leaves([*SEALS, HOLD.model_copy(update={"until_utc_us": NOW_UTC_US})]))
    assert index.answer(lambda connection: held_on(connection, HERE, NOW_UTC_US)) == []
    assert index.answer(lambda connection: held_total_on(connection, HERE, NOW_UTC_US)) == Total(0, 0)


def test_lost_footage_is_told_by_hold_and_cause_and_what_nobody_holds_is_not(index: Index) -> None:
    why = "not on its volume"
    index.apply(leaves([*SEALS, HOLD, missing(SEALS[1], why), missing(SEALS[3], "burnt"), missing(SEALS[0], why)]))
    found = index.answer(lambda connection: lost_under_hold(connection, NOW_UTC_US))
    assert {(one.hold, one.why, one.stretch.segments, one.stretch.bytes) for one in found} == {
        (HOLD.hold, why, 1, 20),
        (HOLD.hold, "burnt", 1, 40),
    }
    assert all(one.lost_utc_us > 0 for one in found)


def test_discarded_volume_takes_what_lies_there_with_it_and_nothing_else(index: Index) -> None:
    doom = Expire(segs=(SEALS[0].seg,), reason="cap", deadline_utc_us=1)
    gone = people.Discard(volume=HERE, disk=None, bay=None, segments=4, bytes=110, held=1, reason="0" * 64)
    index.apply(leaves([*SEALS, doom, HOLD, gone]))
    rows = {number: index.segment(uuid(number)) for number in range(1, 6)}
    states = {number: (row.state, row.lost_why) for number, row in rows.items() if row is not None}
    assert states == {
        1: (SegmentState.DOOMED, TAKEN_OUT),
        2: (SegmentState.LOST, TAKEN_OUT),
        3: (SegmentState.LOST, TAKEN_OUT),
        4: (SegmentState.SEALED, None),
        5: (SegmentState.LOST, TAKEN_OUT),
    }
    assert index.answer(discarded) == [HERE]
    (lost,) = index.answer(lambda connection: lost_under_hold(connection, NOW_UTC_US))
    assert (lost.hold, lost.why, lost.stretch.segments) == (HOLD.hold, TAKEN_OUT, 1)
