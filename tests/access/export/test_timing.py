"""Decoding times, edits and ranges, as algebra."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from access.export.timing import decode_times, edits_of, numbers_of, ranges_of, shown_of, wall_utc_us

INSTANTS = st.lists(st.integers(-(2**40), 2**40), max_size=60)
DISTINCT = st.lists(st.integers(0, 2**30), min_size=1, max_size=60, unique=True)


@given(INSTANTS)
def test_decoding_never_stands_still_and_never_comes_after_showing(pts: list[int]) -> None:
    dts = decode_times(pts)
    assert all(earlier < later for earlier, later in pairwise(dts))
    assert all(decoded <= shown for decoded, shown in zip(dts, pts, strict=True))


@given(DISTINCT)
def test_frames_in_order_are_decoded_when_they_are_shown(pts: list[int]) -> None:
    assert decode_times(sorted(pts)) == sorted(pts)


@given(DISTINCT)
def test_decoding_runs_ahead_no_further_than_one_frame_needs(pts: list[int]) -> None:
    assert any(decoded == shown for decoded, shown in zip(decode_times(pts), pts, strict=True))


@given(DISTINCT)
def test_reordered_frames_keep_the_rhythm_of_what_is_shown(pts: list[int]) -> None:
    ordered = sorted(pts)
    dts = decode_times(pts)
    assert {time - dts[0] for time in dts} == {time - ordered[0] for time in ordered}


@given(DISTINCT, st.data())
def test_edits_show_the_marked_frames_and_no_other(pts: list[int], data: st.DataObject) -> None:
    shown = data.draw(st.lists(st.booleans(), min_size=len(pts), max_size=len(pts)))
    edits = edits_of(pts, shown, max(pts) + 7)
    within = [
        any(edit.media_time_90k <= time < edit.media_time_90k + edit.duration_90k for edit in edits) for time in pts
    ]
    assert within == shown
    starts = [edit.media_time_90k for edit in edits]
    assert set(starts) <= set(pts)
    assert starts == sorted(starts)


@given(st.sets(st.integers(0, 50)))
def test_ranges_hold_the_same_numbers_and_never_touch(numbers: set[int]) -> None:
    ranges = ranges_of(sorted(numbers))
    assert {number for first, last in ranges for number in range(first, last + 1)} == numbers
    assert all(left[1] + 1 < right[0] for left, right in pairwise(ranges))


def test_wall_time_of_a_frame_follows_its_record() -> None:
    assert wall_utc_us(1_000_000, 3600) == 1_040_000
    assert wall_utc_us(1_000_000, -3600) == 960_000


@given(st.sets(st.integers(0, 200)))
def test_ranges_are_the_numbers_that_they_were_made_of(numbers: set[int]) -> None:
    assert numbers_of(ranges_of(sorted(numbers))) == numbers


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.sets(st.integers(0, 19)))
def test_something_is_shown_of_every_interval_that_holds_something(inside: list[bool], undecodable: set[int]) -> None:
    shown = shown_of(inside, undecodable)
    assert any(shown) == any(inside)
    assert all(within for within, seen in zip(inside, shown, strict=True) if seen)
