"""How far the recorded time of each picture is from the instant that its camera drew into it.

Simulated cameras in a process of their own (`nvr.sim`, drawn and encoded live), each over a socket to one shard of the
real recorder on the loop that it runs on; storage is memory. Both processes read one system clock, so the difference is
the whole error: the camera's drawing and encoding, the way, the envelope, the slewing. Positive is late.

Pictures that a machine under load delays for as long as the envelope looks back are late for the recorder, too:
`python -m benchmarks --only time` wants a quiet machine, and says how many pictures the cameras had to skip.
"""

import asyncio
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Final

import uvloop

from benchmarks.table import Row
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.stop import Stop
from nvr.base.units import MonoUs, UtcUs, us_from_ticks
from nvr.sim.camera import SimCamera
from nvr.sim.playback import drawn_instants
from nvr.sim.server import Simulator
from recorder.shard import Shard
from recorder.status import ShardSettings
from storage.records import GapCause, MoveWhy, Record, SegmentStart
from storage.snapshot import CameraEntry

GOAL_MS: Final = 50.0
DEFAULT_SECONDS: Final = 150
"""A camera whose crystal is slow is dated by the oldest delay in the window: that shows once the window is full."""

_STEADY: Final = SimCamera("2-mbit", width=640, height=360, bitrate_bps=2_000_000)
CAMERAS: Final = (
    replace(_STEADY, name="0.3-mbit", width=320, height=180, bitrate_bps=300_000),
    _STEADY,
    replace(_STEADY, name="6-mbit", bitrate_bps=6_000_000),
    replace(_STEADY, name="no-reports", sender_reports=False),
    replace(_STEADY, name="fast-500-ppm", clock_drift_ppm=500),
    replace(_STEADY, name="slow-500-ppm", clock_drift_ppm=-500),
    replace(_STEADY, name="slow-500-ppm-no-reports", clock_drift_ppm=-500, sender_reports=False),
    replace(_STEADY, name="slow-100-ppm-an-hour-off", clock_drift_ppm=-100, clock_offset_us=3_600_000_000),
)


@dataclass(frozen=True, slots=True)
class _Segment:
    start: SegmentStart
    records: list[Record] = field(default_factory=list)


class Memory:
    """Segments and events of the shard, kept in the process."""

    def __init__(self) -> None:
        self.segments: dict[SegmentId, _Segment] = {}

    def open_segment(self, start: SegmentStart, _first_bytes: int) -> bool:
        """As `recorder.ports.SegmentSink`."""
        self.segments[start.segment] = _Segment(start)
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        """As `recorder.ports.SegmentSink`."""
        self.segments[segment].records.append(record)
        return True

    def close_segment(self, segment: SegmentId) -> None:
        """Nothing is to be done."""

    def failed(self, _segment: SegmentId) -> GapCause | None:
        """Nothing fails in memory."""
        return None

    def gap(
        self, *, gap: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, cause: GapCause, detail: str
    ) -> None:
        """Nothing is to be done."""

    def move(
        self, *, move: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, why: MoveWhy, moves: int
    ) -> None:
        """No camera of the benchmark turns."""
        raise AssertionError(
            f"no camera of the benchmark turns: {move=} {camera=} {from_utc_us=} {to_utc_us=} {why=} {moves=}"
        )

    def clock(self, *, epoch: int, step_us: int, utc_us: UtcUs, mono_us: MonoUs) -> None:
        """A step would spoil what is measured."""
        raise AssertionError(f"the machine's clock stepped by {step_us} us: {epoch=} {utc_us=} {mono_us=}")


def rows(*, seconds: int = DEFAULT_SECONDS) -> list[Row]:
    """Record every camera for `seconds`; least, median, 99th of a hundred, and largest error of each."""
    memory = Memory()
    with _cameras() as (urls, line):
        entries = [CameraEntry(CameraId(name), url, 0) for name, url in urls.items()]
        uvloop.run(_record(entries, memory, seconds))
        line.send(None)
        skipped: int = line.recv()
    found = [row for camera in CAMERAS for row in camera_rows(camera.name, memory)]
    return [*found, Row("time: pictures that the cameras skipped", skipped, "pictures", None, None)]


async def _record(entries: Sequence[CameraEntry], memory: Memory, seconds: int) -> None:
    clock, stop = SystemClock(), Stop()
    logins: dict[str, tuple[str, str]] = {}
    shard = Shard(entries, logins.__getitem__, memory, memory, clock, ShardSettings(), is_synchronised=lambda: True)
    async with asyncio.TaskGroup() as group:
        group.create_task(shard.run(stop))
        await clock.sleep(seconds)
        stop.set()


def camera_rows(camera: str, memory: Memory, *, goal_ms: float | None = GOAL_MS) -> Iterator[Row]:
    """How far the pictures of one camera are dated from the instants drawn into them."""
    segments = [segment for segment in memory.segments.values() if segment.start.camera == camera]
    told = [each for segment in segments for each in drawn_instants(segment.start.codec.extradata, _samples(segment))]
    errors = sorted((wall_us - drawn_us) / 1000 for wall_us, drawn_us in told if drawn_us is not None)
    assert len(errors) > len(told) * 0.9, f"{camera}: of {len(told)} pictures {len(errors)} can be read"
    last = len(errors) - 1
    for name, at in (("min", 0), ("p50", last // 2), ("p99", last * 99 // 100), ("max", last)):
        value = round(errors[at], 2)
        met = None if goal_ms is None else abs(value) <= goal_ms
        yield Row(f"time {camera}, {name} of {len(errors)}", value, "ms", goal_ms, met)


def _samples(segment: _Segment) -> Iterator[tuple[int, bytes]]:
    for record in segment.records:
        at = 0
        for size, delta_90k in zip(record.sizes, record.pts_delta_90k, strict=True):
            yield record.start_utc_us + us_from_ticks(delta_90k), bytes(record.data[at : at + size])
            at += size


@contextmanager
def _cameras() -> Iterator[tuple[dict[str, str], Connection]]:
    """The cameras' URLs by name, and the line on which they are told to end and say how many pictures they skipped."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_simulate, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv(), ours
    finally:
        ours.close()
        process.join()


def _simulate(line: Connection) -> None:
    asyncio.run(_serve(line))


async def _serve(line: Connection) -> None:
    async with Simulator(CAMERAS) as simulator:
        line.send({camera.name: simulator.url(camera.name) for camera in CAMERAS})
        try:
            await asyncio.to_thread(line.recv)
        except EOFError:
            return
        line.send(simulator.frames_skipped)
