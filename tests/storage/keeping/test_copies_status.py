"""When held footage that lies once is told, and when the room for copies is used up."""

import pytest

from nvr.base.units import US_PER_DAY
from storage.index.on_evidence import Kept
from storage.index.on_volume import Total
from storage.keeping.copies_status import LATE_US, CopiesStatus, Patience, status_of
from storage.keeping.evidence_room import Stopped

GIB = 1 << 30
NONE, SOME = Total(0, 0), Total(3, 2 * GIB)


def status(*, once: Total = SOME, stopped: Stopped | None = None, late: bool = False) -> CopiesStatus:
    return status_of(Kept(once, SOME), stopped, 9 * GIB, NONE, 0, late=late)


@pytest.mark.parametrize(
    ("once", "stopped", "late", "is_told"),
    [
        (SOME, None, False, False),
        (SOME, Stopped.FULL, False, True),
        (SOME, None, True, True),
        (NONE, Stopped.AWAY, True, False),
    ],
)
def test_what_lies_once_is_told_when_no_copy_is_made_or_for_too_long(
    once: Total, stopped: Stopped | None, late: bool, is_told: bool
) -> None:
    fault = status(once=once, stopped=stopped, late=late).fault
    assert (fault is not None) == is_told
    if fault is not None:
        assert fault.startswith("3 held segments, 2.0 GiB, lie once")


def test_patience_is_over_when_something_old_waits_without_a_pause() -> None:
    patience = Patience()
    assert not patience.is_over(SOME, 5)
    assert not patience.is_over(SOME, LATE_US + 4)
    assert patience.is_over(SOME, LATE_US + 5)
    assert not patience.is_over(NONE, LATE_US + 6)
    assert not patience.is_over(SOME, LATE_US + 7)


def test_room_is_used_up_at_the_rate_of_the_week_once_what_waits_is_copied() -> None:
    kept = Kept(Total(1, 2 * GIB), NONE)
    week = Total(7, 7 * GIB)
    assert status_of(kept, None, 12 * GIB, week, 1000, late=False).used_up_utc_us == 1000 + 10 * US_PER_DAY
    assert status_of(kept, None, GIB, week, 1000, late=False).used_up_utc_us == 1000
    assert status_of(kept, None, 12 * GIB, NONE, 1000, late=False).used_up_utc_us is None
    assert status_of(kept, Stopped.AWAY, None, week, 1000, late=False).used_up_utc_us is None
