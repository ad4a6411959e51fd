"""What holds protect, against the sets of instants themselves."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.holds import held_times, is_held, merge, touches
from storage.index.rows import HoldScope

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


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), instants, instants, st.none() | instants)), instants, instants)
def test_segment_is_held_when_any_running_hold_of_its_camera_touches_it(
    scopes: list[tuple[str, int, int, int | None]], start: int, now: int
) -> None:
    held = held_times([scope(*one) for one in scopes], now)
    running = [one for one in scopes if one[0] == "a" and one[1] <= one[2] and (one[3] is None or one[3] > now)]
    expected = any(one[1] <= start + 3 and one[2] >= start for one in running)
    assert is_held(held, "a", start, start + 3) == expected


def test_hold_of_another_camera_holds_nothing() -> None:
    assert not is_held(held_times([scope("a", 0, 9, None)], 0), CAMERA, 0, 9)
