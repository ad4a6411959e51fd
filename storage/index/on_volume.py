"""What lies on one volume, and what of it is held: for who is about to take a disk out, or has lost one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, true

from nvr.base.ids import CameraId, HoldId
from nvr.base.units import UtcUs
from storage.index.conditions import in_states, is_held, runs
from storage.index.tables import DISCARDED, HOLD_SCOPE, PROGRESS, SEGMENT, SegmentState

_COUNTS = (
    func.min(SEGMENT.c.start_utc_us),
    func.max(SEGMENT.c.start_utc_us),
    func.max(SEGMENT.c.end_utc_us),
    func.sum(SEGMENT.c.end_utc_us - SEGMENT.c.start_utc_us),
    func.count(),
    func.sum(SEGMENT.c.file_bytes),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Footage of one camera, from the first segment's start to the last one's end; others may lie elsewhere.

    `last_utc_us` is the start of the last segment, `length_us` what all of them show together.
    """

    camera: CameraId
    from_utc_us: UtcUs
    last_utc_us: UtcUs
    to_utc_us: UtcUs
    length_us: int
    segments: int
    bytes: int


@dataclass(frozen=True, slots=True)
class HeldStretch:
    """What one hold covers of it."""

    hold: HoldId
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class LostStretch:
    """Footage under a hold that is lost, told as lost until then for this reason."""

    hold: HoldId
    stretch: Stretch
    why: str
    lost_utc_us: UtcUs


def footage_on(connection: Connection, volume: str, state: SegmentState) -> list[Stretch]:
    """What lies on the volume in this state, camera by camera. Reads all of it."""
    query = (
        select(SEGMENT.c.camera, *_COUNTS)
        .where(SEGMENT.c.volume == volume, in_states([state]))
        .group_by(SEGMENT.c.camera)
        .order_by(SEGMENT.c.camera)
    )
    return [_stretch(row) for row in connection.execute(query).all()]


def discarded(connection: Connection) -> list[str]:
    """The volumes that a person took out for good."""
    return sorted(connection.scalars(select(DISCARDED.c.volume)))


def volumes_with_footage(connection: Connection) -> list[str]:
    """The volumes on which sealed footage lies, as the ledger has it."""
    query = select(SEGMENT.c.volume).where(in_states([SegmentState.SEALED])).distinct()
    return sorted(connection.scalars(query))


def held_on(connection: Connection, volume: str, now_utc_us: int) -> list[HeldStretch]:
    """What holds that run cover of the sealed footage on the volume, by hold and camera."""
    there = _under_hold(connection, SegmentState.SEALED, now_utc_us, SEGMENT.c.volume == volume)
    return [HeldStretch(HoldId(hold), _stretch(row[:-2])) for hold, row in there]


@dataclass(frozen=True, slots=True)
class Total:
    """So many segments, each counted once."""

    segments: int
    bytes: int

    def __add__(self, other: "Total") -> "Total":
        return Total(self.segments + other.segments, self.bytes + other.bytes)


def total_on(connection: Connection, volume: str) -> Total:
    """The sealed footage on the volume."""
    return _total(connection, SEGMENT.c.volume == volume)


def held_total_on(connection: Connection, volume: str, now_utc_us: int) -> Total:
    """What of it holds keep, with what is kept for the sake of others."""
    return _total(connection, and_(SEGMENT.c.volume == volume, is_held(now_utc_us)))


def _total(connection: Connection, which: ColumnElement[bool]) -> Total:
    query = select(func.count(), func.sum(SEGMENT.c.file_bytes)).where(which, in_states([SegmentState.SEALED]))
    segments, size = connection.execute(query).one()
    return Total(segments, int(size or 0))


def lost_under_hold(connection: Connection, now_utc_us: int) -> list[LostStretch]:
    """Lost footage that holds cover, by hold, camera and cause."""
    lost = _under_hold(connection, SegmentState.LOST, now_utc_us, true())
    return [LostStretch(HoldId(hold), _stretch(row[:-2]), row[-2], UtcUs(row[-1])) for hold, row in lost]


def _under_hold(
    connection: Connection, state: SegmentState, now_utc_us: int, which: ColumnElement[bool]
) -> Iterator[tuple[str, Sequence[Any]]]:
    """What holds cover, by hold, camera and cause of loss. One question each: all at once would read it all."""
    for hold in running(connection, now_utc_us):
        query = (
            select(SEGMENT.c.camera, *_COUNTS, SEGMENT.c.lost_why, func.max(SEGMENT.c.lost_utc_us))
            .where(*touched_by(hold, state), which)
            .group_by(SEGMENT.c.camera, SEGMENT.c.lost_why)
        )
        for row in connection.execute(query).all():
            yield hold.hold, tuple(row)


def running(connection: Connection, now_utc_us: int) -> Sequence[Row[Any]]:
    """The holds that have not run out, camera by camera."""
    holds = select(HOLD_SCOPE).where(runs(now_utc_us)).order_by(HOLD_SCOPE.c.hold, HOLD_SCOPE.c.camera)
    return connection.execute(holds).all()


def touched_by(hold: Row[Any], state: SegmentState) -> list[ColumnElement[bool]]:
    """The segments in this state that a hold touches on one of its cameras."""
    longest_us = select(PROGRESS.c.longest_us).scalar_subquery()
    return [
        SEGMENT.c.camera == hold.camera,
        in_states([state]),
        SEGMENT.c.start_utc_us.between(hold.from_utc_us - longest_us, hold.to_utc_us),
        SEGMENT.c.end_utc_us >= hold.from_utc_us,
    ]


def _stretch(row: Sequence[Any]) -> Stretch:
    camera, first, last, end, length, segments, size = row
    return Stretch(camera, first, last, end, int(length), segments, int(size))
