"""What there is of every camera in a stretch of time."""

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.index.rows import Timeline
from storage.index.writer import Index
from storage.ledger.machine import Expire, Gap, Seal
from tests.storage.index.entries import gap, leaves
from tests.storage.ledger.samples import NOW_UTC_US, seal, uuid

CAMERA = CameraId("hall-1")
MIDNIGHT = NOW_UTC_US - NOW_UTC_US % US_PER_DAY
LENGTH_US = 300 * US_PER_SECOND


def at(number: int, slot: int, camera: str = CAMERA) -> Seal:
    return seal(number, camera, MIDNIGHT + slot * LENGTH_US)


def told(number: int, slot: int, slots: int | None = 1, cause: str = "silent") -> Gap:
    start = MIDNIGHT + slot * LENGTH_US
    to = None if slots is None else start + slots * LENGTH_US
    return gap(number, start, to).model_copy(update={"cause": cause})


def in_slots(timeline: Timeline) -> tuple[list[tuple[float, float]], list[tuple[float, float | None, str]]]:
    def slot(instant: int) -> float:
        return (instant - MIDNIGHT) / LENGTH_US

    footage = [(slot(start), slot(end)) for start, end in timeline.footage]
    gaps = [(slot(start), None if end is None else slot(end), cause) for start, end, cause in timeline.gaps]
    return footage, gaps


def test_footage_that_touches_is_one_stretch_over_midnight_too(index: Index) -> None:
    index.apply(leaves([at(1, -1), at(2, 0), at(3, 1), at(4, 3), at(5, 0, "other")]))
    found = index.timelines(MIDNIGHT - US_PER_DAY, MIDNIGHT + US_PER_DAY)
    assert list(found) == [CAMERA, "other"]
    assert in_slots(found[CAMERA]) == ([(-1, 2), (3, 4)], [])
    assert in_slots(found[CameraId("other")]) == ([(0, 1)], [])


def test_what_reaches_beyond_the_ends_is_cut_and_what_lies_beyond_is_left_out(index: Index) -> None:
    index.apply(leaves([at(1, 0), at(2, 2), at(3, 9), told(1, 1), told(2, 3, 2), told(3, 7)]))
    half = LENGTH_US // 2
    found = index.timelines(MIDNIGHT + half, MIDNIGHT + 3 * LENGTH_US + half)
    assert in_slots(found[CAMERA]) == ([(0.5, 1), (2, 3)], [(1, 2, "silent"), (3, 3.5, "silent")])
    assert index.timelines(MIDNIGHT + 20 * LENGTH_US, MIDNIGHT + US_PER_DAY) == {}


def test_gaps_of_one_cause_that_touch_are_one_span_and_an_open_one_stays_open(index: Index) -> None:
    index.apply(leaves([told(1, 0), told(2, 1), told(3, 1, 1, "clock"), told(4, 5, None), told(5, 6)]))
    (timeline,) = index.timelines(MIDNIGHT, MIDNIGHT + US_PER_DAY).values()
    assert in_slots(timeline) == ([], [(0, 2, "silent"), (1, 2, "clock"), (5, None, "silent")])


def test_only_footage_that_is_still_there_counts(index: Index) -> None:
    doom = Expire(segs=(uuid(2),), reason="cap", deadline_utc_us=1)
    index.apply(leaves([at(1, 0), at(2, 1), at(3, 2), doom]))
    (timeline,) = index.timelines(MIDNIGHT, MIDNIGHT + US_PER_DAY).values()
    assert in_slots(timeline) == ([(0, 1), (2, 3)], [])
