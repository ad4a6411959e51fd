"""How much holds keep, wherever it lies: hold by hold, and of all of them together."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, func, select

from nvr.base.ids import HoldId
from storage.holds import Interval
from storage.index.conditions import in_states, runs
from storage.index.tables import HOLD_SCOPE, PROGRESS, SEGMENT, SegmentState

_LONGEST_US: Final = select(PROGRESS.c.longest_us)


def kept_by_hold(connection: Connection, now_utc_us: int) -> dict[HoldId, int]:
    """The bytes of the sealed footage that each hold covers that has not run out; several may cover the same."""
    found: dict[HoldId, int] = {}
    longest_us = int(connection.scalar(_LONGEST_US) or 0)
    for hold in connection.execute(select(HOLD_SCOPE).where(runs(now_utc_us))).all():
        size = _bytes_in(connection, hold.camera, [(hold.from_utc_us, hold.to_utc_us)], longest_us)
        found[HoldId(hold.hold)] = found.get(HoldId(hold.hold), 0) + size
    return found


def kept_bytes(connection: Connection, times: Mapping[str, Iterable[Interval]]) -> int:
    """The bytes of the sealed footage that touches these times, camera by camera.

    The intervals of a camera do not touch each other (`storage.holds.merge`); what touches two of them counts twice.
    """
    longest_us = int(connection.scalar(_LONGEST_US) or 0)
    return sum(_bytes_in(connection, camera, intervals, longest_us) for camera, intervals in times.items())


def _bytes_in(connection: Connection, camera: str, intervals: Iterable[Interval], longest_us: int) -> int:
    sizes = (
        connection.scalar(
            select(func.sum(SEGMENT.c.file_bytes)).where(
                SEGMENT.c.camera == camera,
                in_states([SegmentState.SEALED]),
                SEGMENT.c.start_utc_us.between(first - longest_us, last),
                SEGMENT.c.end_utc_us >= first,
            )
        )
        for first, last in intervals
    )
    return sum(int(size or 0) for size in sizes)
