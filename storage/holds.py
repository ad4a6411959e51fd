"""What holds protect, as sets of time, and what is kept for the sake of that. Pure.

A hold covers what it touches: a segment that ends in the very instant in which a hold begins is kept. Erring towards
keeping costs a segment; erring towards destroying can not be mended.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from storage.index.rows import HoldScope, SegmentRow

Interval: TypeAlias = tuple[int, int]
"""First and last instant, UTC microseconds, both within."""

NOTHING: Final[tuple[Interval, ...]] = ()


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants as few intervals, in order, none touching another; empty ones are left out."""
    merged: list[Interval] = []
    for first, last in sorted(intervals):
        if first > last:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def touches(merged: tuple[Interval, ...], first: int, last: int) -> bool:
    """Whether [first, last] has an instant in common with the intervals, which `merge` gave."""
    at = bisect_right(merged, (last, float("inf"))) - 1
    return at >= 0 and merged[at][1] >= first


def held_times(scopes: Iterable[HoldScope], now_utc_us: int) -> Mapping[str, tuple[Interval, ...]]:
    """What may not be destroyed now, camera by camera. A hold that has run out (`until_utc_us`) covers nothing."""
    by_camera: dict[str, list[Interval]] = {}
    for scope in scopes:
        if scope.until_utc_us is None or scope.until_utc_us > now_utc_us:
            by_camera.setdefault(scope.camera, []).append((scope.from_utc_us, scope.to_utc_us))
    return {camera: merge(intervals) for camera, intervals in by_camera.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """What may not be destroyed: footage of these times, camera by camera, and these segments.

    `continued` are those in which a group of pictures began that goes on in a segment that is kept: without them it can
    not be shown.
    """

    times: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    continued: frozenset[str] = frozenset()

    def covers(self, segment: SegmentRow) -> bool:
        """Whether this segment may not be destroyed."""
        return segment.seg in self.continued or _is_touched(self.times, segment)


def held_now(scopes: Iterable[HoldScope], continuing: Iterable[SegmentRow], now_utc_us: int) -> Held:
    """What the holds keep now; `continuing` are segments that continue another, held ones at least."""
    times = held_times(scopes, now_utc_us)
    begins_in: dict[str, str] = {}
    kept: set[str] = set()
    todo: list[str] = []
    for segment in continuing:
        if segment.continues is not None:
            begins_in[segment.seg] = segment.continues
            todo += [segment.continues] if _is_touched(times, segment) else []
    while todo:
        seg = todo.pop()
        if seg not in kept:
            kept.add(seg)
            todo += [begins_in[seg]] if seg in begins_in else []
    return Held(times, frozenset(kept))


def _is_touched(times: Mapping[str, tuple[Interval, ...]], segment: SegmentRow) -> bool:
    return touches(times.get(segment.camera, NOTHING), segment.start_utc_us, segment.end_utc_us)
