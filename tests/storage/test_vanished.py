"""What went of a camera's footage: joined where it went for one reason, apart where it did not."""

from dataclasses import replace

from nvr.base.units import US_PER_SECOND, UtcUs
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.vanished import Vanished, vanished
from tests.storage.test_retention import START, segment

MINUTE_US = 60 * US_PER_SECOND


def gone(number: int, why: str = "cap", since: int | None = 900) -> SegmentRow:
    begin = UtcUs(START + number * MINUTE_US)
    return replace(
        segment(start_utc_us=begin),
        end_utc_us=UtcUs(begin + MINUTE_US),
        state=SegmentState.GONE,
        expired_utc_us=None if since is None else UtcUs(since),
        expire_reason=why,
    )


def lost(number: int, since: int = 500) -> SegmentRow:
    return replace(
        gone(number),
        state=SegmentState.LOST,
        lost_utc_us=UtcUs(since),
        lost_why="not on its volume",
        expired_utc_us=None,
        expire_reason=None,
    )


def at(number: int) -> UtcUs:
    return UtcUs(START + number * MINUTE_US)


def test_stretch_that_went_for_one_reason_is_told_once_since_its_first_went() -> None:
    rows = [lost(0, since=700), lost(1, since=500), lost(2, since=900)]
    assert vanished(rows) == (Vanished(at(0), at(3), "lost", UtcUs(500), "not on its volume"),)


def test_other_reasons_and_holes_between_keep_stretches_apart() -> None:
    there = replace(gone(3), state=SegmentState.SEALED)
    told = vanished([gone(0), gone(1, "camera"), lost(2), there, lost(5)])
    assert [(one.from_utc_us, one.cause, one.why) for one in told] == [
        (at(0), "destroyed", "cap"),
        (at(1), "destroyed", "camera"),
        (at(2), "lost", "not on its volume"),
        (at(5), "lost", "not on its volume"),
    ]


def test_what_is_being_destroyed_has_no_date_yet() -> None:
    (one,) = vanished([replace(gone(0, since=None), state=SegmentState.DOOMED)])
    assert (one.cause, one.since_utc_us) == ("destroyed", None)
