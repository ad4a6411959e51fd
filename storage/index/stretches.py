"""Stretches: footage of one camera without a hole in it, so that months of hundreds of cameras are a few thousand rows.

They follow from the sealed segments. Those of each UTC day, by the segments' start, are kept apart: a segment that goes
away has one camera's day derived anew. `joined` puts the days together again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.index.conditions import in_states
from storage.index.tables import SEGMENT, STRETCH, SegmentState

JOINT_US: Final = US_PER_SECOND
"""Segments that are no further apart are one stretch: a shorter hole is told by its gap."""

Interval = tuple[int, int]


class Day(NamedTuple):
    """A UTC day of one camera; `number` counts days since 1970."""

    camera: str
    number: int

    @classmethod
    def of(cls, camera: str, start_utc_us: int) -> "Day":
        """The day to which a segment with this start belongs."""
        return cls(camera, start_utc_us // US_PER_DAY)


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The stretches that these intervals make, by start. Joining stretches and further intervals joins them all."""
    stretches: list[Interval] = []
    for start, end in sorted(intervals):
        if stretches and start <= stretches[-1][1] + JOINT_US:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


class Stretches:
    """What one transaction changes; `write` at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._more: dict[Day, list[Interval]] = defaultdict(list)
        self._anew: set[Day] = set()

    def add(self, camera: str, start_utc_us: int, end_utc_us: int) -> None:
        """A segment is sealed."""
        self._more[Day.of(camera, start_utc_us)].append((start_utc_us, end_utc_us))

    def derive(self, changed: Iterable[tuple[str, int]]) -> None:
        """Segments of these cameras, with these starts, came or went."""
        self._anew.update(Day.of(camera, start) for camera, start in changed)

    def write(self) -> None:
        """Bring the table to what the segments say."""
        stored = self._stored({*self._anew, *self._more})
        stale: list[dict[str, object]] = []
        fresh: list[dict[str, object]] = []
        for day, before in stored.items():
            after = joined(self._segments(day) if day in self._anew else [*before, *self._more[day]])
            stale += [{"of": day.camera, "at": start} for start, _ in set(before) - set(after)]
            fresh += [{"camera": day.camera, "from_utc_us": a, "to_utc_us": b} for a, b in set(after) - set(before)]
        if stale:
            gone = (STRETCH.c.camera == bindparam("of"), STRETCH.c.from_utc_us == bindparam("at"))
            self._connection.execute(delete(STRETCH).where(*gone), stale)
        if fresh:
            self._connection.execute(insert(STRETCH), fresh)
        self._anew.clear()
        self._more.clear()

    def _segments(self, day: Day) -> list[Interval]:
        query = select(SEGMENT.c.start_utc_us, SEGMENT.c.end_utc_us).where(
            SEGMENT.c.camera == day.camera,
            in_states([SegmentState.SEALED]),
            SEGMENT.c.start_utc_us >= day.number * US_PER_DAY,
            SEGMENT.c.start_utc_us < (day.number + 1) * US_PER_DAY,
        )
        return [(start, end) for start, end in self._connection.execute(query)]

    def _stored(self, days: Collection[Day]) -> dict[Day, list[Interval]]:
        """What the table has of these days: one question, which reads the days between them too."""
        found: dict[Day, list[Interval]] = {day: [] for day in days}
        if not days:
            return found
        numbers = [day.number for day in days]
        query = select(STRETCH.c.camera, STRETCH.c.from_utc_us, STRETCH.c.to_utc_us).where(
            STRETCH.c.camera.in_({day.camera for day in days}),
            STRETCH.c.from_utc_us >= min(numbers) * US_PER_DAY,
            STRETCH.c.from_utc_us < (max(numbers) + 1) * US_PER_DAY,
        )
        for camera, start, end in self._connection.execute(query):
            if (day := Day.of(camera, start)) in found:
                found[day].append((start, end))
        return found
