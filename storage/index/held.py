"""How much footage touches given times, wherever it lies."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, func, select

from storage.holds import Interval
from storage.index.conditions import in_states
from storage.index.tables import PROGRESS, SEGMENT, SegmentState

_LONGEST_US: Final = select(PROGRESS.c.longest_us)


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
