"""The gaps that a recorder's death leaves."""

import dataclasses
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.continuity import gaps_at_boot, gaps_shortened
from storage.index.rows import GapRow
from storage.ledger.machine import Gap
from tests.storage.ledger.samples import seal, uuid

A, B = CameraId("a"), CameraId("b")
BOOT_US = 1_000
MINUTE_US = 60_000_000


def gap_row(
    camera: CameraId, from_utc_us: int, to_utc_us: int | None = None, cause: str = "silent", boot: str | None = "b"
) -> GapRow:
    to = None if to_utc_us is None else UtcUs(to_utc_us)
    return GapRow(uuid(7), camera, UtcUs(from_utc_us), to, cause, None, boot, 0)


def at_boot(known: dict[CameraId, int], still_open: list[GapRow]) -> list[Gap]:
    numbers = count(100)
    until = {camera: UtcUs(instant) for camera, instant in known.items()}
    return gaps_at_boot(BOOT_US, until, still_open, lambda: uuid(next(numbers)))


def test_camera_has_a_gap_from_its_last_record_to_the_boot() -> None:
    (gap,) = at_boot({A: 400}, [])
    assert (gap.camera, gap.from_utc_us, gap.to_utc_us, gap.cause) == (A, 400, BOOT_US, "stopped")


def test_open_gap_of_the_dead_boot_ends_at_the_boot_and_gets_no_second_one() -> None:
    (gap,) = at_boot({A: 400}, [gap_row(A, 300)])
    assert (gap.gap, gap.from_utc_us, gap.to_utc_us, gap.cause) == (uuid(7), 300, BOOT_US, "silent")


def test_camera_that_was_recorded_until_the_boot_has_no_gap() -> None:
    assert at_boot({A: BOOT_US}, []) == []
    assert at_boot({A: BOOT_US + 5}, []) == []


def test_gap_that_opened_after_a_clock_step_is_not_turned_round() -> None:
    (gap,) = at_boot({}, [gap_row(A, BOOT_US + 50)])
    assert gap.to_utc_us == BOOT_US + 50


def shortened(gaps: list[GapRow], *footage: tuple[int, int]) -> list[Gap]:
    numbers = count(200)
    seals = [
        seal(number, camera=A, start_utc_us=start * MINUTE_US).model_copy(update={"end_utc_us": end * MINUTE_US})
        for number, (start, end) in enumerate(footage)
    ]
    return gaps_shortened(gaps, seals, lambda: uuid(next(numbers)))


def stopped(from_minute: int, to_minute: int, camera: CameraId = A) -> GapRow:
    return gap_row(camera, from_minute * MINUTE_US, to_minute * MINUTE_US, cause="stopped", boot=None)


def minutes(gaps: list[Gap]) -> list[tuple[int, int]]:
    return [(gap.from_utc_us // MINUTE_US, (gap.to_utc_us or 0) // MINUTE_US) for gap in gaps]


def test_recovered_segment_shortens_the_keepers_gap_and_no_other() -> None:
    own = stopped(4, 10)
    others = [dataclasses.replace(own, boot="b"), dataclasses.replace(own, cause="silent"), stopped(1, 2, B)]
    (left,) = shortened([own, *others], (4, 7))
    assert (left.gap, minutes([left])) == (own.gap, [(7, 10)])


@pytest.mark.parametrize("cause", ["disk lost", "full"])
def test_footage_that_was_told_as_lost_and_is_found_again_is_no_gap(cause: str) -> None:
    told = gap_row(A, 4 * MINUTE_US, 10 * MINUTE_US, cause=cause)
    still_open = gap_row(A, 4 * MINUTE_US, None, cause=cause)
    (left,) = shortened([told, still_open], (4, 7))
    assert (left.gap, left.cause, minutes([left])) == (told.gap, cause, [(7, 10)])


def test_segment_of_a_later_crash_does_not_shorten_the_gap_of_an_earlier_one() -> None:
    assert minutes(shortened([stopped(4, 7), stopped(50, 53)], (4, 5), (50, 52))) == [(5, 7), (52, 53)]


def test_footage_inside_a_gap_leaves_what_is_before_it_and_behind_it() -> None:
    left = shortened([stopped(4, 10)], (6, 7))
    assert [gap.gap for gap in left] == [uuid(7), uuid(200)]
    assert minutes(left) == [(4, 6), (7, 10)]


def test_gap_that_was_all_footage_has_no_length() -> None:
    assert minutes(shortened([stopped(4, 10)], (3, 7), (6, 20))) == [(10, 10)]


def test_seam_between_two_segments_is_no_gap() -> None:
    seals = [
        seal(0, camera=A, start_utc_us=MINUTE_US + 900_000).model_copy(update={"end_utc_us": 2 * MINUTE_US}),
        seal(1, camera=A, start_utc_us=2 * MINUTE_US + 1000).model_copy(update={"end_utc_us": 3 * MINUTE_US}),
    ]
    assert minutes(gaps_shortened([stopped(1, 4)], seals, lambda: uuid(200))) == [(3, 4)]


INTERVALS = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair)))


@given(gap=INTERVALS, footage=st.lists(INTERVALS, max_size=5))
def test_every_instant_of_a_gap_is_in_footage_or_in_what_is_left(
    gap: tuple[int, int], footage: list[tuple[int, int]]
) -> None:
    def instants(*intervals: tuple[int, int]) -> set[int]:
        return {at for begin, end in intervals for at in range(begin, end)}

    told = shortened([stopped(*gap)], *footage)
    assert instants(*(minutes(told) if told else [gap])) == instants(gap) - instants(*footage)
