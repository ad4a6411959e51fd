"""What there is of one camera in an interval, second by second: what exists, and why the rest does not. Pure."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from storage.holds import Interval
from storage.vanished import Vanished


class Fate(StrEnum):
    """What became of a second that was asked for."""

    RECORDED = "recorded"
    DESTROYED = "destroyed"
    LOST = "lost"
    GAP = "gap"
    GROWING = "growing"
    """Just now: it may be in a segment that is not closed yet."""
    TO_COME = "to come"
    NO_CAMERA = "no camera there"
    NEVER = "never recorded"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one fate. `cause`: of a gap, of a loss, or why it was destroyed; `since_utc_us`: when it went."""

    fate: Fate
    from_utc_us: int
    to_utc_us: int
    cause: str | None = None
    since_utc_us: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the index and the register say of a camera: segments, what is gone, gaps (None: open), placements."""

    recorded: Sequence[Interval]
    vanished: Sequence[Vanished]
    gaps: Sequence[tuple[int, int | None, str]]
    placed: Sequence[tuple[int, int | None]]


def parts(told: Told, from_utc_us: int, to_utc_us: int, now_utc_us: int, settled_utc_us: int) -> list[Part]:
    """The interval, cut into what became of each part of it, in the order of time; no two overlap, none is missing.

    Of several that speak of one second the first counts: what exists, what is gone, gaps. After `settled_utc_us`
    nothing is said to be missing where the camera stood; after `now_utc_us` all is to come.
    """
    left: list[Interval] = [(from_utc_us, to_utc_us)]
    found: list[Part] = []
    for part in _claims(told, to_utc_us, now_utc_us, settled_utc_us):
        if part.from_utc_us < part.to_utc_us:
            taken = _take(left, part.from_utc_us, part.to_utc_us)
            found += [Part(part.fate, begin, end, part.cause, part.since_utc_us) for begin, end in taken]
    found += [Part(Fate.NO_CAMERA, begin, end) for begin, end in left]
    return _joined(sorted(found, key=lambda part: part.from_utc_us))


def totals_us(found: Iterable[Part]) -> Mapping[Fate, int]:
    """How long each fate is, together."""
    counted: Counter[Fate] = Counter()
    for part in found:
        counted[part.fate] += part.to_utc_us - part.from_utc_us
    return counted


def _claims(told: Told, to_utc_us: int, now_utc_us: int, settled_utc_us: int) -> Iterator[Part]:
    for begin, end in told.recorded:
        yield Part(Fate.RECORDED, begin, end)
    for gone in told.vanished:
        yield Part(Fate(gone.cause), gone.from_utc_us, gone.to_utc_us, gone.why, gone.since_utc_us)
    for begin, closed_utc_us, cause in told.gaps:
        yield Part(Fate.GAP, begin, now_utc_us if closed_utc_us is None else closed_utc_us, cause)
    yield Part(Fate.TO_COME, now_utc_us, max(to_utc_us, now_utc_us))
    # A camera that was given no place may record all the same.
    for begin, ended_utc_us in told.placed or [(settled_utc_us, None)]:
        end = now_utc_us if ended_utc_us is None else ended_utc_us
        yield Part(Fate.GROWING, max(begin, settled_utc_us), end)
        yield Part(Fate.NEVER, begin, min(end, settled_utc_us))


def _take(left: list[Interval], begin: int, end: int) -> list[Interval]:
    """Take [begin, end) out of these intervals, which are in order and apart: what of it was there."""
    first = bisect_right(left, begin, key=itemgetter(1))
    last = bisect_left(left, end, key=itemgetter(0))
    taken = [(max(each[0], begin), min(each[1], end)) for each in left[first:last]]
    edges = [(left[first][0], begin), (end, left[last - 1][1])] if taken else []
    left[first : max(first, last)] = [each for each in edges if each[0] < each[1]]
    return taken


def _joined(found: Iterable[Part]) -> list[Part]:
    """Parts of one fate that touch, as one."""
    joined: list[Part] = []
    for part in found:
        last = joined[-1] if joined else None
        if last is not None and last.to_utc_us == part.from_utc_us and _is_like(last, part):
            since = [each for each in (last.since_utc_us, part.since_utc_us) if each is not None]
            joined[-1] = Part(part.fate, last.from_utc_us, part.to_utc_us, part.cause, min(since, default=None))
        else:
            joined.append(part)
    return joined


def _is_like(one: Part, other: Part) -> bool:
    return (one.fate, one.cause) == (other.fate, other.cause)
