"""What holds protect, against the sets of instants themselves."""

import dataclasses
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from storage.holds import Held, held_now, merge, touches
from storage.index.rows import HoldScope, SegmentRow
from tests.storage.ledger.samples import uuid
from tests.storage.test_retention import segment

instants = st.integers(min_value=0, max_value=30)
intervals = st.tuples(instants, instants)
CAMERA = CameraId("hall-1")


def covered(pairs: list[tuple[int, int]]) -> set[int]:
    return {instant for first, last in pairs for instant in range(first, last + 1)}


@given(st.lists(intervals))
def test_merging_changes_no_instant_and_leaves_no_overlap(pairs: list[tuple[int, int]]) -> None:
    merged = merge(pairs)
    assert covered(list(merged)) == covered(pairs)
    assert list(merged) == sorted(merged)
    assert all(left[1] < right[0] for left, right in pairwise(merged))
    assert merge(merged) == merged
    assert merge(reversed(pairs)) == merged


@given(st.lists(intervals), instants, instants)
def test_touching_is_having_an_instant_in_common(pairs: list[tuple[int, int]], one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    assert touches(merge(pairs), first, last) == bool(covered(pairs) & covered([(first, last)]))


def scope(camera: str, from_utc_us: int, to_utc_us: int, until_utc_us: int | None) -> HoldScope:
    until = None if until_utc_us is None else UtcUs(until_utc_us)
    return HoldScope("hold", CameraId(camera), UtcUs(from_utc_us), UtcUs(to_utc_us), until, 0)


def lasting(number: int, start: int, end: int, *, camera: str = "a", continues: int | None = None) -> SegmentRow:
    before = None if continues is None else SegmentId(uuid(continues))
    row = segment(number, start, camera)
    return dataclasses.replace(row, end_utc_us=UtcUs(end), continues=before)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), instants, instants, st.none() | instants)), instants, instants)
def test_segment_is_held_when_any_running_hold_of_its_camera_touches_it(
    scopes: list[tuple[str, int, int, int | None]], start: int, now: int
) -> None:
    held = held_now([scope(*one) for one in scopes], [], now)
    running = [one for one in scopes if one[0] == "a" and one[1] <= one[2] and (one[3] is None or one[3] > now)]
    expected = any(one[1] <= start + 3 and one[2] >= start for one in running)
    assert held.covers(lasting(1, start, start + 3)) == expected


def test_hold_of_another_camera_holds_nothing() -> None:
    assert not held_now([scope("a", 0, 9, None)], [], 0).covers(lasting(1, 0, 9, camera=CAMERA))


def covered_of(held: Held, rows: list[SegmentRow]) -> list[int]:
    return [number for number, row in enumerate(rows) if held.covers(row)]


def test_hold_keeps_what_the_segment_continues_through_the_whole_chain_and_nothing_after_it() -> None:
    rows = [
        lasting(0, 0, 9),
        *(lasting(at, 10 * at, 10 * at + 9, continues=at - 1) for at in (1, 2, 3)),
        lasting(9, 0, 5),
    ]
    assert covered_of(held_now([scope("a", 25, 26, None)], rows, 0), rows) == [0, 1, 2]
    assert covered_of(held_now([scope("a", 25, 26, None)], [rows[2], rows[3]], 0), rows) == [1, 2]


def test_hold_that_ran_out_keeps_no_chain() -> None:
    rows = [lasting(0, 0, 9), lasting(1, 10, 19, continues=0)]
    assert covered_of(held_now([scope("a", 15, 16, 5)], rows, 5), rows) == []
