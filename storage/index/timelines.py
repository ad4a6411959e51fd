"""What there is of every camera in some stretch of time: stretches of footage, and gaps with their causes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, or_, select

from nvr.base.ids import CameraId
from nvr.base.units import MAX_PERSISTED_INT, UtcUs
from storage.index.rows import GapSpan, Stretch, Timeline
from storage.index.stretches import Interval, joined
from storage.index.tables import GAP, STRETCH

_OPEN: Final = MAX_PERSISTED_INT
"""Where a gap ends that nobody closed."""


def timelines(connection: Connection, from_utc_us: int, to_utc_us: int) -> dict[CameraId, Timeline]:
    """What there is in [from, to), by camera; cameras of which nothing is known are left out.

    Footage that touches is one stretch, gaps of one cause that touch are one span; both are cut at the ends, but for
    a gap that nobody closed. What is read grows with days and holes, not with segments.
    """

    def cut(start: int, end: int) -> Interval:
        return max(start, from_utc_us), end if end == _OPEN else min(end, to_utc_us)

    footage: dict[str, list[Interval]] = defaultdict(list)
    stretches = select(STRETCH.c.camera, STRETCH.c.from_utc_us, STRETCH.c.to_utc_us).where(
        STRETCH.c.from_utc_us < to_utc_us, STRETCH.c.to_utc_us > from_utc_us
    )
    for camera, start, end in connection.execute(stretches).all():
        footage[camera].append(cut(start, end))
    told: dict[str, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    gaps = select(GAP.c.camera, GAP.c.cause, GAP.c.from_utc_us, GAP.c.to_utc_us).where(
        GAP.c.from_utc_us < to_utc_us, or_(GAP.c.to_utc_us.is_(None), GAP.c.to_utc_us > from_utc_us)
    )
    for camera, cause, start, end in connection.execute(gaps).all():
        told[camera][cause].append(cut(start, _OPEN if end is None else end))
    return {
        CameraId(camera): Timeline(_stretches(footage.get(camera, ())), _spans(told.get(camera, {})))
        for camera in sorted(footage.keys() | told.keys())
    }


def _stretches(intervals: Iterable[Interval]) -> tuple[Stretch, ...]:
    return tuple(Stretch(UtcUs(start), UtcUs(end)) for start, end in joined(intervals))


def _spans(by_cause: Mapping[str, Iterable[Interval]]) -> tuple[GapSpan, ...]:
    spans = [
        GapSpan(UtcUs(start), None if end == _OPEN else UtcUs(end), cause)
        for cause, intervals in by_cause.items()
        for start, end in joined(intervals)
    ]
    return tuple(sorted(spans, key=lambda span: (span.from_utc_us, span.cause)))
