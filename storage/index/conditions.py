"""Conditions that more than one statement of the index needs."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, literal_column, or_

from storage.index.tables import HOLD_SCOPE, SEGMENT, SegmentState


def in_states(states: Collection[SegmentState]) -> ColumnElement[bool]:
    """The segment is in one of these states."""
    return SEGMENT.c.state.in_([int(state) for state in states])


def is_in(state: SegmentState) -> ColumnElement[bool]:
    """The segment is in this state, written so that the index over that state alone is taken."""
    return SEGMENT.c.state == literal_column(str(int(state)))


def is_held(now_utc_us: int) -> ColumnElement[bool]:
    """A hold that has not run out covers or touches the segment: `storage.holds.is_held`, in SQL."""
    return exists().where(
        HOLD_SCOPE.c.camera == SEGMENT.c.camera,
        HOLD_SCOPE.c.from_utc_us <= SEGMENT.c.end_utc_us,
        HOLD_SCOPE.c.to_utc_us >= SEGMENT.c.start_utc_us,
        or_(HOLD_SCOPE.c.until_utc_us.is_(None), HOLD_SCOPE.c.until_utc_us > now_utc_us),
    )
