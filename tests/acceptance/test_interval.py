"""What is shown in a granted interval is in the movies, however the pictures are ordered and the records cut."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from access.export.plan import Gop, plan_parts
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs, us_from_ticks
from recorder import gop as gop_module
from recorder.gaps import GapLog
from recorder.recording import Recording
from recorder.run import Run
from recorder.server_clock import ServerClock
from storage.records import CodecConfig, RandomAccess, Record
from storage.snapshot import CameraEntry
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.scope import SegmentHeads, overlaps, segments_in_scope
from tests.recorder.fakes import MemoryEvents, MemorySink, Segment

CAMERA = CameraId("cam1")
CODEC = CodecConfig("hvc1.1.6.L93.B0", b"", 160, 90)
SEGMENT_US = 3_000_000
FEW_BYTES = 12
"""A record closes at so many, with pictures of one to three: in the middle of what is reordered, again and again."""
LATENCY_US = 20_000


@dataclass(frozen=True)
class Picture:
    pts_90k: int
    size: int
    random_access: RandomAccess


@dataclass
class Joined:
    """What a depacketiser has joined, by its length alone."""

    intra_only: bool = False
    config: CodecConfig | None = CODEC
    unfinished: int = 0
    joined: int = field(default=0)

    def take(self, keep: int) -> bytearray:
        taken, self.joined = self.joined - keep, keep
        return bytearray(taken)

    def discard(self) -> None:
        self.joined = 0


@st.composite
def groups(draw: st.DrawFn) -> list[Picture]:
    """A stream in decoding order: groups, open or closed, of pictures in any order that a camera may choose."""
    pictures: list[Picture] = []
    now_90k = 0
    interval_90k = st.integers(1500, 12_000)

    def times(count: int) -> list[int]:
        nonlocal now_90k
        found = []
        for _ in range(count):
            found.append(now_90k)
            now_90k += draw(interval_90k)
        return found

    def add(pts_90k: int, random_access: RandomAccess = RandomAccess.NONE) -> None:
        pictures.append(Picture(pts_90k, draw(st.integers(1, 3)), random_access))

    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([RandomAccess.IDR, RandomAccess.CRA, RandomAccess.RECOVERY_POINT]))
        leading = draw(st.integers(0, 4)) if pictures and kind is not RandomAccess.IDR else 0
        *early, point = times(leading + 1)
        add(point, kind)
        for pts_90k in draw(st.permutations(early)):
            add(pts_90k)
        for _ in range(draw(st.integers(0, 5))):
            *between, anchor = times(draw(st.integers(1, 4)))
            add(anchor)
            for pts_90k in draw(st.permutations(between)):
                add(pts_90k)
    return pictures


def recorded(pictures: Iterable[Picture], rotate_after: frozenset[int], record_bytes: int) -> list[Segment]:
    """What the recorder makes of it; it is asked to rotate after some pictures."""
    clock, sink, events = SimClock(), MemorySink(), MemoryEvents()
    server = ServerClock(clock, events, first_epoch=1, is_synchronised=lambda: True)
    recording = Recording(
        CameraEntry(CAMERA, "rtsp://cam1/", 0),
        sink,
        GapLog(CAMERA, events),
        segment_us=SEGMENT_US,
        first_segment_us=SEGMENT_US,
    )
    run = Run(recording, server, lambda _: Joined())
    began_us, newest_90k = clock.mono_us(), 0
    with patch.object(gop_module, "MAX_RECORD_BYTES", record_bytes):
        for number, picture in enumerate(pictures):
            newest_90k = max(newest_90k, picture.pts_90k)
            clock.advance(max(0, began_us + us_from_ticks(newest_90k) + LATENCY_US - clock.mono_us()))
            run.reading(clock.mono_us())
            run.depacketiser.joined += picture.size
            run.unit(picture.pts_90k & 0xFFFFFFFF, picture.size, picture.random_access, 0, joins=False)
            run.read()
            if number in rotate_after:
                run.flush(goes_on=True)
                recording.rotate()
        run.flush()
        recording.rotate()
    return sink.of(CAMERA)


def head_of(seq: int, record: Record) -> RecordHead:
    return RecordHead(
        type=RecordType.GOP,
        seq=seq,
        ct_len=1,
        slice_count=len(record.sizes) + 1,
        packet_count=len(record.sizes),
        start_utc_us=record.start_utc_us,
        random_access=record.random_access,
        pts_90k=record.pts_90k,
        dur_90k=record.dur_90k,
        clock_epoch=record.clock_epoch,
    )


@dataclass(frozen=True)
class Sealed:
    """A segment as storage holds it: what its index entry, its header and its heads say."""

    segment: Segment
    heads: Sequence[RecordHead]

    @property
    def start_utc_us(self) -> UtcUs:
        return self.segment.start.start_utc_us

    @property
    def end_utc_us(self) -> int:
        return max(head.end_utc_us for head in self.heads[1:])

    def walls_utc_us(self, seq: int) -> list[int]:
        record = self.segment.records[seq - 1]
        return [record.start_utc_us + us_from_ticks(delta) for delta in record.pts_delta_90k]


def sealed(segments: Iterable[Segment]) -> dict[SegmentId, Sealed]:
    init = RecordHead(type=RecordType.INIT, seq=0, ct_len=1, slice_count=1)
    return {
        one.start.segment: Sealed(one, [init, *(head_of(seq, record) for seq, record in enumerate(one.records, 1))])
        for one in segments
    }


def granted(segments: dict[SegmentId, Sealed], from_us: int, to_us: int) -> dict[SegmentId, list[int]]:
    """As access collects: what the index says overlaps, and what that continues."""
    found: dict[SegmentId, Sealed] = {}
    for name, one in segments.items():
        wanted: SegmentId | None = name if one.start_utc_us < to_us and one.end_utc_us > from_us else None
        while wanted is not None and wanted not in found:
            found[wanted] = segments[wanted]
            wanted = segments[wanted].segment.start.continues
    heads = [
        SegmentHeads(name, one.start_utc_us, one.segment.start.continues, one.heads) for name, one in found.items()
    ]
    return segments_in_scope(heads, from_us, to_us)


def gops(segments: dict[SegmentId, Sealed], scope: dict[SegmentId, list[int]]) -> Iterator[Gop]:
    for name in sorted(scope, key=lambda one: segments[one].start_utc_us):
        one = segments[name]
        for seq in scope[name][1:]:
            record = one.segment.records[seq - 1]
            yield Gop(
                segment=name,
                seq=seq,
                run=one.segment.start.run,
                codec=CODEC,
                random_access=record.random_access,
                clock_epoch=record.clock_epoch,
                start_utc_us=record.start_utc_us,
                start_90k=record.pts_90k,
                dur_90k=record.dur_90k,
                packet_bytes=sum(record.sizes),
                pts_90k=array("q", [record.pts_90k + delta for delta in record.pts_delta_90k]),
            )


intervals = st.tuples(st.integers(-500_000, 8_000_000), st.integers(1, 3_000_000))
record_bytes = st.sampled_from([FEW_BYTES, 8 << 20])


@given(groups(), st.frozensets(st.integers(0, 200), max_size=3), record_bytes, intervals, st.data())
def test_frames_shown_in_any_interval_are_those_exported(
    pictures: list[Picture],
    rotate_after: frozenset[int],
    record_bytes: int,
    interval: tuple[int, int],
    data: st.DataObject,
) -> None:
    segments = sealed(recorded(pictures, rotate_after, record_bytes))
    walls = sorted(wall for one in segments.values() for head in one.heads[1:] for wall in one.walls_utc_us(head.seq))
    assert len(walls) == len(pictures)
    # As good as every fault lies where the interval ends between two frames.
    near = st.sampled_from(walls).flatmap(lambda wall: st.integers(wall - 1, wall + 1))
    from_us, to_us = walls[0] + interval[0], walls[0] + interval[0] + interval[1]
    if data.draw(st.booleans()):
        from_us, to_us = sorted((data.draw(near), data.draw(near)))
    scope = granted(segments, from_us, to_us)
    parts = plan_parts(CAMERA, list(gops(segments, scope)), UtcUs(from_us), UtcUs(to_us))
    exported = [wall for part in parts for wall, inside in zip(part.walls_utc_us, part.inside, strict=True) if inside]
    assert sorted(exported) == [wall for wall in walls if from_us <= wall < to_us]
    check_beside(segments, scope, from_us, to_us)


def check_beside(
    segments: dict[SegmentId, Sealed], scope: dict[SegmentId, list[int]], from_us: int, to_us: int
) -> None:
    """Groups that are granted lie side by side, and the head on either side says that nothing is left out there."""
    for name, seqs in scope.items():
        one = segments[name]
        assert seqs[1:] == list(range(seqs[1], seqs[-1] + 1))
        beside = [one.heads[seq] for seq in (seqs[1] - 1, seqs[-1] + 1) if 0 < seq < len(one.heads)]
        reaches = one.start_utc_us < to_us and one.end_utc_us > from_us
        assert not (reaches and any(overlaps(head, from_us, to_us) for head in beside))


@given(groups(), st.frozensets(st.integers(0, 200), max_size=3), record_bytes)
def test_records_of_a_segment_begin_and_end_in_their_order_around_their_frames(
    pictures: list[Picture], rotate_after: frozenset[int], record_bytes: int
) -> None:
    for one in sealed(recorded(pictures, rotate_after, record_bytes)).values():
        assert one.start_utc_us == one.heads[1].start_utc_us
        for head in one.heads[1:]:
            walls = one.walls_utc_us(head.seq)
            assert min(walls) == head.start_utc_us
            assert max(walls) < head.end_utc_us
        for before, after in pairwise(one.heads[1:]):
            assert before.start_utc_us < after.start_utc_us
            assert before.pts_90k + before.dur_90k <= after.pts_90k + after.dur_90k
