"""The gaps that a recorder's death leaves."""

from itertools import count

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


def test_recovered_segment_shortens_the_keepers_gap_and_no_other() -> None:
    own = gap_row(A, 400, BOOT_US, cause="stopped", boot=None)
    others = [
        gap_row(A, 400, BOOT_US, cause="stopped"),
        gap_row(A, 400, BOOT_US, boot=None),
        gap_row(B, 1, 2, boot=None),
    ]
    recovered = seal(1, camera=A, start_utc_us=400).model_copy(update={"end_utc_us": 700})
    (shortened,) = gaps_shortened([own, *others], [recovered])
    assert (shortened.gap, shortened.from_utc_us, shortened.to_utc_us) == (own.gap, 700, BOOT_US)


@given(ends=st.lists(st.integers(min_value=0, max_value=2_000), min_size=1))
def test_shortened_gap_begins_where_the_last_recovered_segment_ends(ends: list[int]) -> None:
    own = gap_row(A, 400, BOOT_US, cause="stopped", boot=None)
    seals = [seal(number, camera=A).model_copy(update={"end_utc_us": end}) for number, end in enumerate(ends)]
    shortened = gaps_shortened([own], seals)
    assert [gap.from_utc_us for gap in shortened] == ([min(max(ends), BOOT_US)] if max(ends) > 400 else [])
