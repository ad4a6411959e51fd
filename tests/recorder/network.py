"""Cameras behind a network that a test takes down, on a simulated clock, in place of `open_session`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from nvr.base.clock import SimClock
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable, Cause
from recorder.h264 import H264Depacketiser
from recorder.health.watch import HealthWatch
from recorder.rtsp import source
from recorder.rtsp.client import Channels
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import RtspUrl
from recorder.run import Run
from recorder.shard import Shard
from recorder.status import CameraStatus, ShardSettings
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.line import TRACK
from tests.recorder.rtp import Packets, idr, inter

PICTURE_US: Final = 500_000
GROUP: Final = 4

Begin = Callable[[VideoTrack, Channels], Run[H264Depacketiser]]


class Session:
    """What a worker needs of a session, with pictures that come when the network says so."""

    bitrate_bps = 0
    failure: Exception | None = None
    endured_s: int | None = None

    def __init__(self, begin: Begin) -> None:
        self.run = begin(TRACK, Channels(0, 1))
        self.sent = 0
        self._packets = Packets()
        self._over = asyncio.Event()

    async def ended(self) -> None:
        await self._over.wait()
        if self.failure is not None:
            raise self.failure

    def tick(self, now_mono_us: int) -> None:
        pass

    def endure(self, seconds: int) -> None:
        self.endured_s = seconds

    def fail(self, error: Exception) -> None:
        self.failure = error
        self._over.set()

    def close(self) -> None:
        self._over.set()

    def picture(self, now_mono_us: MonoUs) -> None:
        nal = idr(60) if self.sent % GROUP == 0 else inter(40)
        buffer = bytearray(b"".join(self._packets.unit(self.sent * 45_000, [nal])))
        self.run.reading(now_mono_us)
        with memoryview(buffer) as view:
            self.run.depacketiser.walk(buffer, view, 0, len(buffer))
        self.run.read()
        self.sent += 1


class Network:
    """Between the shard and its cameras; while it is down nobody can be reached, with `refusal` as the cause."""

    def __init__(self, clock: SimClock, *, step_us: int = 10_000) -> None:
        self.clock = clock
        self.is_up = True
        self.refusal = Cause.UNREACHABLE
        self.attempts: list[int] = []
        self.pictures = 0
        self._step_us = step_us
        self._pauses = False
        self._waiting = 0
        self.endured: list[int | None] = []
        """What the sessions that ended were told of their link."""
        self._sessions: list[Session] = []

    async def open(
        self,
        url: RtspUrl,
        _credentials: object,
        begin: Begin,
        **_: object,
    ) -> Session:
        self.attempts.append(self.clock.mono_us())
        if not self.is_up:
            raise CameraUnreachable(self.refusal)
        session = Session(begin)
        self._sessions.append(session)
        return session

    def vanish(self) -> None:
        self.is_up = False
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            self.endured.append(session.endured_s)
            session.fail(CameraUnreachable(Cause.CLOSED))

    def freeze(self) -> None:
        """Sessions stand, and nothing comes on them any more."""
        self._sessions = []

    def stand_still(self, seconds: int, *, pictures: bool = True) -> None:
        """The machine does nothing for so long; what the cameras send meanwhile is read in one go afterwards."""
        self.clock.advance(seconds * US_PER_SECOND)
        if pictures:
            asyncio.get_running_loop().call_later(0, self._catch_up, seconds * US_PER_SECOND // PICTURE_US)

    def _catch_up(self, count: int) -> None:
        for _ in range(count):
            self._picture()

    def pause(self) -> None:
        """What cameras send waits on its way."""
        self._pauses = True

    def resume(self) -> None:
        """What waited comes at once."""
        self._pauses = False
        for _ in range(self._waiting):
            self._picture()
        self._waiting = 0

    async def pass_seconds(self, seconds: float) -> None:
        for _ in range(round(seconds * US_PER_SECOND) // self._step_us):
            self.clock.advance(self._step_us)
            for _ in range(12):  # whoever this woke gets as far as he can
                await asyncio.sleep(0)
            if self.clock.mono_us() % PICTURE_US == 0:
                if self._pauses:
                    self._waiting += 1
                else:
                    self._picture()

    def _picture(self) -> None:
        for session in self._sessions:
            session.picture(self.clock.mono_us())
            self.pictures += 1


@dataclass
class Town:
    """Cameras that are recorded, behind their network."""

    shard: Shard
    network: Network
    events: MemoryEvents
    sink: MemorySink

    @property
    def status(self) -> CameraStatus:
        """Of the first camera."""
        return self.shard.status()[0]


@asynccontextmanager
async def recorded(
    entries: Sequence[CameraEntry],
    monkeypatch: pytest.MonkeyPatch,
    settings: ShardSettings,
    *,
    step_us: int = 10_000,
    health: HealthWatch | None = None,
) -> AsyncIterator[Town]:
    """These cameras, recorded until the block ends; time passes in steps of `step_us`."""
    clock, sink, events, stop = SimClock(), MemorySink(), MemoryEvents(), Stop()
    network = Network(clock, step_us=step_us)
    monkeypatch.setattr(source, "open_session", network.open)
    nobody = dict[str, Any]().__getitem__
    shard = Shard(entries, nobody, sink, events, clock, settings, health=health, is_synchronised=lambda: True)
    task = asyncio.create_task(shard.run(stop))
    yield Town(shard, network, events, sink)
    stop.set()
    await task
