"""When the exported frames are decoded, shown and hidden. Pure; times are 90 kHz ticks unless named otherwise."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nvr.base.units import us_from_ticks


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of media time that players show: everything outside of all edits is hidden."""

    media_time_90k: int
    duration_90k: int


def decode_times(pts_90k: Sequence[int]) -> list[int]:
    """Decoding times for presentation times in decoding order: strictly growing, none later than its pts.

    The reordering rule: in a stream that is shown in another order than it is decoded, the n-th frame decoded takes
    the n-th instant shown, and all of them move ahead by as much as the frame needs that waits least. Without
    reordering the result is the input. Frames that claim the same instant get decoding times one tick apart.
    """
    times = sorted(pts_90k)
    for at in range(1, len(times)):
        times[at] = max(times[at], times[at - 1] + 1)
    ahead = max((time - pts for time, pts in zip(times, pts_90k, strict=True)), default=0)
    return [time - ahead for time in times]


def wall_utc_us(start_utc_us: int, delta_90k: int) -> int:
    """Wall time of a frame whose presentation lies `delta_90k` after that of its record's first frame."""
    return start_utc_us + us_from_ticks(delta_90k)


def shown_of(inside: Sequence[bool], undecodable: Collection[int]) -> list[bool]:
    """Which samples players show: those in the interval, less those that do not decode unless there are no others.

    An edit that began with a sample that does not decode would have players look for one before it.
    """
    shown = [within and at not in undecodable for at, within in enumerate(inside)]
    return shown if any(shown) else list(inside)


def edits_of(pts_90k: Sequence[int], shown: Sequence[bool], end_90k: int) -> list[Edit]:
    """The edits that show exactly the frames marked: one for each unbroken row of them in presentation order.

    An edit begins with its first frame and ends where the next hidden frame begins, or at `end_90k` if none does.
    """
    order = sorted(range(len(pts_90k)), key=lambda at: pts_90k[at])
    starts = [(pts_90k[at], shown[at]) for at in order]
    starts.append((max(end_90k, starts[-1][0] + 1) if starts else end_90k, False))
    changes = [starts[0], *(right for left, right in pairwise(starts) if left[1] != right[1])]
    return [Edit(left[0], right[0] - left[0]) for left, right in pairwise(changes) if left[1] and right[0] > left[0]]


def numbers_of(ranges: Iterable[tuple[int, int]]) -> set[int]:
    """The numbers in inclusive ranges."""
    return {number for first, last in ranges for number in range(first, last + 1)}


def ranges_of(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Growing numbers as inclusive ranges: 0 1 2 7 becomes ((0, 2), (7, 7))."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
