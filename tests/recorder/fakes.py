"""Storage and spool in memory, with waiting for what a test needs to see."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import MonoUs, UtcUs
from recorder.status import CameraStatus, State
from storage.records import GapCause, MoveWhy, Record, SegmentStart


def camera_status(camera: CameraId, state: State) -> CameraStatus:
    """Of a camera that gave nothing yet."""
    return CameraStatus(
        camera=camera,
        state=state,
        cause=None,
        since_utc_us=UtcUs(1),
        next_attempt_utc_us=None,
        last_record_utc_us=None,
        bytes=0,
        written=0,
        records=0,
        frames=0,
        lost=0,
        dropped=0,
        reconnects=0,
        bitrate_bps=0,
        codec=None,
        width=0,
        height=0,
    )


@dataclass
class Segment:
    start: SegmentStart
    records: list[Record] = field(default_factory=list)
    closed: bool = False


@dataclass(frozen=True)
class Gap:
    gap: str
    camera: CameraId
    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    cause: GapCause
    detail: str


@dataclass(frozen=True)
class Move:
    move: str
    camera: CameraId
    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    why: MoveWhy
    moves: int


@dataclass(frozen=True)
class ClockStep:
    epoch: int
    step_us: int
    utc_us: UtcUs
    mono_us: MonoUs


class Watched:
    """Wakes who waits for a condition each time something happens."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def happened(self) -> None:
        for condition, woken in self._waiting:
            if not woken.done() and condition():
                woken.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    async def until(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        woken = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, woken))
        await woken


class MemorySink(Watched):
    """A SegmentSink that refuses order mistakes, and takes or refuses records as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.segments: dict[SegmentId, Segment] = {}
        self.full = False
        self.lost: set[SegmentId] = set()
        self.cause_of_loss = GapCause.DISK_LOST
        self.takes_none: GapCause | None = None

    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        assert start.segment not in self.segments
        if self.full:
            self.happened()
            return False
        self.segments[start.segment] = Segment(start)
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        growing = self.segments[segment]
        assert not growing.closed
        assert segment not in self.lost
        assert sum(record.sizes) == len(record.data)
        assert len(record.sizes) == len(record.pts_delta_90k) > 0
        assert min(record.pts_delta_90k) == 0
        assert record.dur_90k > 0
        if self.full:
            self.happened()
            return False
        growing.records.append(record)
        self.happened()
        return True

    def close_segment(self, segment: SegmentId) -> None:
        assert not self.segments[segment].closed
        self.segments[segment].closed = True
        self.happened()

    def failed(self, segment: SegmentId) -> GapCause | None:
        if self.takes_none is not None:
            return self.takes_none
        return self.cause_of_loss if segment in self.lost else None

    def of(self, camera: str) -> list[Segment]:
        return [each for each in self.segments.values() if each.start.camera == camera]

    def records(self, camera: str) -> list[Record]:
        return [record for segment in self.of(camera) for record in segment.records]

    def frames(self, camera: str) -> int:
        return sum(len(record.sizes) for record in self.records(camera))


class MemoryEvents(Watched):
    """An EventSink: everything told, and each gap as it stands now."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Gap] = []
        self.gaps: dict[str, Gap] = {}
        self.steps: list[ClockStep] = []
        self.moves: list[Move] = []

    def gap(
        self,
        *,
        gap: str,
        camera: CameraId,
        from_utc_us: UtcUs,
        to_utc_us: UtcUs | None,
        cause: GapCause,
        detail: str,
    ) -> None:
        entry = Gap(gap, camera, from_utc_us, to_utc_us, cause, detail)
        self.told.append(entry)
        self.gaps[gap] = entry
        self.happened()

    def move(
        self, *, move: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, why: MoveWhy, moves: int
    ) -> None:
        self.moves.append(Move(move, camera, from_utc_us, to_utc_us, why, moves))
        self.happened()

    def clock(self, *, epoch: int, step_us: int, utc_us: UtcUs, mono_us: MonoUs) -> None:
        self.steps.append(ClockStep(epoch, step_us, utc_us, mono_us))
        self.happened()

    def of(self, camera: str) -> list[Gap]:
        return [gap for gap in self.gaps.values() if gap.camera == camera]
