"""Conditions that more than one statement of the index needs."""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    exists,
    literal_column,
    or_,
    select,
    true,
)

from storage.index.tables import COPY, HOLD_SCOPE, PROGRESS, SEGMENT, SegmentState


def in_states(states: Collection[SegmentState]) -> ColumnElement[bool]:
    """The segment is in one of these states."""
    return SEGMENT.c.state.in_([int(state) for state in states])


def is_in(state: SegmentState) -> ColumnElement[bool]:
    """The segment is in this state, written so that the index over that state alone is taken."""
    return SEGMENT.c.state == literal_column(str(int(state)))


def continues_another(segment: FromClause = SEGMENT) -> ColumnElement[bool]:
    """The segment is not destroyed and its first group began in another, written as the index over those says it."""
    return and_(segment.c.continues.is_not(None), segment.c.state != literal_column(str(int(SegmentState.GONE))))


def has_copy(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The segment has a second file, such a one; not as a list of names, which PostgreSQL reads for each segment."""
    return exists().where(COPY.c.seg == SEGMENT.c.seg, *where)


def is_held(now_utc_us: int) -> ColumnElement[bool]:
    """A hold that has not run out keeps the segment: `storage.holds.Held.covers`, in SQL.

    What is kept for the sake of others is looked up once in a statement, from the holds: few segments continue another.
    """
    touched = exists().where(HOLD_SCOPE.c.camera == SEGMENT.c.camera, _touches(SEGMENT), runs(now_utc_us))
    return or_(touched, SEGMENT.c.seg.in_(_continued_under_hold(now_utc_us)))


def held_sealed(connection: Connection, now_utc_us: int, *wanted: ColumnElement[bool]) -> CompoundSelect[tuple[str]]:
    """The names of the sealed segments that a hold keeps, found from the holds: nothing else is read.

    Of those that a hold touches only the `wanted`; what these continue, few, is told without that.
    """
    sealed = in_states([SegmentState.SEALED])
    its = (
        _of_its_camera(SEGMENT),
        _touches(SEGMENT),
        SEGMENT.c.start_utc_us >= HOLD_SCOPE.c.from_utc_us - _longest_us(),
    )
    touched = select(SEGMENT.c.seg).join_from(HOLD_SCOPE, SEGMENT, and_(*its)).where(runs(now_utc_us), sealed, *wanted)
    if connection.dialect.name == "postgresql":
        # Hold by hold, which OFFSET keeps it to: it takes a hold for a ninth of all times, and reads every segment.
        of_hold = select(SEGMENT.c.seg).where(*its, sealed, *wanted).correlate(HOLD_SCOPE).offset(0).lateral("of_hold")
        touched = select(of_hold.c.seg).join_from(HOLD_SCOPE, of_hold, true()).where(runs(now_utc_us))
    continued = select(SEGMENT.c.seg).where(SEGMENT.c.seg.in_(_continued_under_hold(now_utc_us)), sealed)
    return touched.union(continued)


def _continued_under_hold(now_utc_us: int) -> Select[tuple[str]]:
    later, before = SEGMENT.alias("later"), SEGMENT.alias("before")
    kept = (
        select(later.c.continues.label("seg"))
        .join_from(HOLD_SCOPE, later, _of_its_camera(later))
        .where(
            runs(now_utc_us),
            _touches(later),
            later.c.start_utc_us >= HOLD_SCOPE.c.from_utc_us - _longest_us(),
            continues_another(later),
        )
        .cte("kept", recursive=True)
    )
    further = select(before.c.continues).join_from(kept, before, before.c.seg == kept.c.seg)
    kept = kept.union(further.where(continues_another(before)))
    return select(kept.c.seg)


def _of_its_camera(segment: FromClause) -> ColumnElement[bool]:
    # Not the bare column: SQLite would take its index, and look up the holds of every segment that there is.
    return segment.c.camera == HOLD_SCOPE.c.camera.concat("")


def _longest_us() -> ScalarSelect[int]:
    return select(PROGRESS.c.longest_us).scalar_subquery()


def _touches(segment: FromClause) -> ColumnElement[bool]:
    return and_(HOLD_SCOPE.c.from_utc_us <= segment.c.end_utc_us, HOLD_SCOPE.c.to_utc_us >= segment.c.start_utc_us)


def runs(now_utc_us: int) -> ColumnElement[bool]:
    """A hold has not run out."""
    return or_(HOLD_SCOPE.c.until_utc_us.is_(None), HOLD_SCOPE.c.until_utc_us > now_utc_us)
