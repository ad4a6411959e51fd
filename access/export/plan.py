"""What goes into which movie. Pure: groups of pictures in, parts out.

A part is one movie: one camera, one run, one codec configuration, one clock epoch. It begins at the random access
point from which its first frame decodes, and ends with the last frame, in decoding order, that lies in the interval.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from access.export.timing import Edit, decode_times, edits_of, shown_of, wall_utc_us
from nvr.base.ids import CameraId, RunId, SegmentId
from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, UtcUs, us_from_ticks
from storage.records import CodecConfig, RandomAccess

MOST_PART_US: Final = 3600 * US_PER_SECOND
"""A movie is split after an hour: what fails to copy is small, and players stay quick."""
MOST_PART_BYTES: Final = 3_900 * 2**20
"""FAT32 and many discs hold no file of 4 GiB; the difference is for the movie's tables."""
_HOLE_90K: Final = TICKS_PER_SECOND // 2
"""Between two groups; less is an error of the first one's duration, which may be extrapolated."""


@dataclass(frozen=True, slots=True)
class Gop:
    """A granted record of pictures, without its bytes; times as in its head."""

    segment: SegmentId
    seq: int
    run: RunId
    codec: CodecConfig
    random_access: RandomAccess
    clock_epoch: int
    start_utc_us: UtcUs
    start_90k: int
    """The same instant as presentation time."""
    dur_90k: int
    packet_bytes: int
    pts_90k: "array[int]"
    """Presentation time of each access unit, in decoding order."""
    undecodable_first: tuple[int, ...] = ()
    """Which access units do not decode when decoding begins with this group."""

    @property
    def end_90k(self) -> int:
        """Where the last frame ends, or the first one decoded after the group begins."""
        return self.start_90k + self.dur_90k

    @property
    def interval_90k(self) -> int:
        """The mean time between two frames, of which there must be more than one."""
        return (max(self.pts_90k) - min(self.pts_90k)) // (len(self.pts_90k) - 1)

    @property
    def reorders(self) -> bool:
        """Whether frames are shown in another order than they are decoded."""
        return any(later < earlier for earlier, later in pairwise(self.pts_90k))

    def wall_utc_us(self, at: int) -> int:
        """Wall time of an access unit."""
        return wall_utc_us(self.start_utc_us, self.pts_90k[at] - self.start_90k)

    @property
    def walls_utc_us(self) -> Iterator[int]:
        """Wall times of all access units."""
        return map(self.wall_utc_us, range(len(self.pts_90k)))


@dataclass(frozen=True)
class Part:
    """One movie. `last_packets` is the number of access units taken from the last group; of the others, all."""

    camera: CameraId
    gops: Sequence[Gop]
    last_packets: int
    from_utc_us: UtcUs
    to_utc_us: UtcUs

    @property
    def codec(self) -> CodecConfig:
        """How to decode it."""
        return self.gops[0].codec

    @property
    def run(self) -> RunId:
        """The run that it is of."""
        return self.gops[0].run

    def packets_of(self, at: int) -> int:
        """How many access units of the group `at` are taken, from its beginning."""
        return self.last_packets if at == len(self.gops) - 1 else len(self.gops[at].pts_90k)

    @cached_property
    def pts_90k(self) -> list[int]:
        """Presentation time of every sample, in decoding order."""
        return [pts for at, gop in enumerate(self.gops) for pts in gop.pts_90k[: self.packets_of(at)]]

    @cached_property
    def walls_utc_us(self) -> list[int]:
        """Wall time of every sample."""
        return [gop.wall_utc_us(packet) for at, gop in enumerate(self.gops) for packet in range(self.packets_of(at))]

    @cached_property
    def inside(self) -> list[bool]:
        """Which samples lie in the interval."""
        return [self.from_utc_us <= wall < self.to_utc_us for wall in self.walls_utc_us]

    @cached_property
    def shown(self) -> list[bool]:
        """Which samples players show."""
        return shown_of(self.inside, self.undecodable)

    @cached_property
    def first_shown_90k(self) -> int:
        """Presentation time of the first frame shown."""
        return min(pts for pts, shown in zip(self.pts_90k, self.shown, strict=True) if shown)

    @cached_property
    def dts_90k(self) -> list[int]:
        """Decoding time of every sample."""
        return decode_times(self.pts_90k)

    def begins_decoding(self, at: int, random_access: RandomAccess) -> bool:
        """Whether players may begin with this sample, whose own kind of random access point is given.

        Not with a recovery point ahead of the first frame shown, or at it: it would not be whole yet.
        """
        if random_access is RandomAccess.RECOVERY_POINT and at:
            return self.pts_90k[at] > self.first_shown_90k
        return random_access is not RandomAccess.NONE

    def sample_duration_90k(self, at: int) -> int:
        """How long a sample is decoded before the next; the last one as long as it is shown."""
        if at + 1 < len(self.dts_90k):
            return self.dts_90k[at + 1] - self.dts_90k[at]
        return self.end_90k - max(self.pts_90k)

    @property
    def origin_90k(self) -> int:
        """What stands as zero in the movie: the decoding time of its first sample."""
        return self.dts_90k[0]

    @property
    def hidden_before(self) -> list[int]:
        """Samples before the interval, which decoding needs."""
        return [at for at, wall in enumerate(self.walls_utc_us) if wall < self.from_utc_us]

    @property
    def hidden_after(self) -> list[int]:
        """Samples at or after the end of the interval, which decoding needs."""
        return [at for at, wall in enumerate(self.walls_utc_us) if wall >= self.to_utc_us]

    @property
    def undecodable(self) -> list[int]:
        """Samples in the interval that refer to what was not recorded before the movie's beginning."""
        return [at for at in self.gops[0].undecodable_first if at < self.packets_of(0) and self.inside[at]]

    @property
    def end_90k(self) -> int:
        """Where the last frame ends: at the next frame of its group that was not taken, or at the group's end.

        With reordering the group's end is when the first frame of the next one is shown, which is not the one that
        follows the last of this: there the mean interval tells.
        """
        last, gop = max(self.pts_90k), self.gops[-1]
        group_end = last + gop.interval_90k if gop.reorders else gop.end_90k
        return min((pts for pts in gop.pts_90k if pts > last), default=max(group_end, last + 1))

    @property
    def edits(self) -> list[Edit]:
        """What players show, in the movie's own time."""
        edits = edits_of(self.pts_90k, self.shown, self.end_90k)
        return [Edit(edit.media_time_90k - self.origin_90k, edit.duration_90k) for edit in edits]

    @property
    def first_shown_utc_us(self) -> int:
        """Wall time of the first frame shown."""
        return min(wall for wall, shown in zip(self.walls_utc_us, self.shown, strict=True) if shown)

    @property
    def last_shown_utc_us(self) -> int:
        """Wall time of the last frame shown."""
        return max(wall for wall, shown in zip(self.walls_utc_us, self.shown, strict=True) if shown)


def plan_parts(
    camera: CameraId,
    gops: Iterable[Gop],
    from_utc_us: UtcUs,
    to_utc_us: UtcUs,
    *,
    most_us: int = MOST_PART_US,
    most_bytes: int = MOST_PART_BYTES,
) -> list[Part]:
    """The movies that show [from, to) of a camera whose granted records are `gops`, in order."""
    parts = []
    for stretch in _stretches(gops):
        needed, _ = _trim(stretch, from_utc_us, to_utc_us)
        for piece in _pieces(needed, most_us, most_bytes):
            taken, last_packets = _trim(piece, from_utc_us, to_utc_us)
            if taken:
                parts.append(Part(camera, taken, last_packets, from_utc_us, to_utc_us))
    return parts


def _stretches(gops: Iterable[Gop]) -> Iterator[list[Gop]]:
    """Groups that can be in one movie; a new clock epoch begins one only where decoding can begin."""
    stretch: list[Gop] = []
    for gop in gops:
        if stretch:
            last = stretch[-1]
            same = (gop.run, gop.codec) == (last.run, last.codec) and not _restarts(last, gop)
            stepped = gop.clock_epoch != last.clock_epoch and gop.random_access is RandomAccess.IDR
            if not same or stepped:
                yield stretch
                stretch = []
        stretch.append(gop)
    if stretch:
        yield stretch


def _restarts(last: Gop, gop: Gop) -> bool:
    """Whether decoding begins anew behind a hole, at a point whose leading frames may refer to what is missing.

    Decoders are told of such a point only by the movie's beginning.
    """
    is_open = gop.random_access in (RandomAccess.CRA, RandomAccess.RECOVERY_POINT)
    return is_open and gop.pts_90k[0] - last.end_90k > _HOLE_90K


def _trim(gops: Sequence[Gop], from_utc_us: UtcUs, to_utc_us: UtcUs) -> tuple[Sequence[Gop], int]:
    """The groups needed to show the interval, and how many access units of the last one; nothing if it shows none."""
    holding = {
        at: [packet for packet, wall in enumerate(gop.walls_utc_us) if from_utc_us <= wall < to_utc_us]
        for at, gop in enumerate(gops)
    }
    holding = {at: packets for at, packets in holding.items() if packets}
    if not holding:
        return [], 0
    earliest_90k = min(gops[at].pts_90k[packet] for at, packets in holding.items() for packet in packets)
    first, last = min(holding), max(holding)
    while first > 0 and not _decodes_from(gops[first], earliest_90k):
        first -= 1
    if gops[first].random_access is RandomAccess.RECOVERY_POINT:
        first = _group_before(gops, first)
    return gops[first : last + 1], max(holding[last]) + 1


def _decodes_from(gop: Gop, earliest_90k: int) -> bool:
    """Whether every frame from `earliest_90k` on decodes when decoding begins at this group.

    Frames that are shown before a random access point other than an IDR may refer to what lies before it.
    """
    match gop.random_access:
        case RandomAccess.NONE:
            return False
        case RandomAccess.IDR:
            return True
    return gop.pts_90k[0] <= earliest_90k


def _group_before(gops: Sequence[Gop], at: int) -> int:
    """Where the group before a recovery point begins: decoded from there, all is refreshed when that point comes."""
    for before in range(at - 1, -1, -1):
        if gops[before].random_access is not RandomAccess.NONE:
            return before
    return at


def _pieces(gops: Sequence[Gop], most_us: int, most_bytes: int) -> Iterator[list[Gop]]:
    """The groups, cut at an IDR before a movie would grow too long or too large; what has no IDR stays whole."""
    piece: list[Gop] = []
    for block in _blocks(gops):
        both = [*piece, *block]
        ticks = both[-1].end_90k - both[0].pts_90k[0]
        size = sum(gop.packet_bytes for gop in both)
        if piece and (us_from_ticks(ticks) > most_us or size > most_bytes):
            yield piece
            both = block
        piece = both
    if piece:
        yield piece


def _blocks(gops: Sequence[Gop]) -> Iterator[list[Gop]]:
    """The groups, cut at each IDR."""
    block: list[Gop] = []
    for gop in gops:
        if block and gop.random_access is RandomAccess.IDR:
            yield block
            block = []
        block.append(gop)
    if block:
        yield block
