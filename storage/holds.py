"""What holds protect, as sets of time. Pure.

A hold covers what it touches: a segment that ends in the very instant in which a hold begins is kept. Erring towards
keeping costs a segment; erring towards destroying can not be mended.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from storage.index.rows import HoldScope

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


def is_held(held: Mapping[str, tuple[Interval, ...]], camera: str, start_utc_us: int, end_utc_us: int) -> bool:
    """Whether footage of the camera between these instants may not be destroyed."""
    return touches(held.get(camera, NOTHING), start_utc_us, end_utc_us)
