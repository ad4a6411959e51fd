"""A whole city's cameras vanish in one instant and come back in another, on a simulated clock."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, MonoUs, us_from_ticks
from recorder.errors import CameraUnreachable, Cause
from recorder.h264 import H264Depacketiser
from recorder.rtsp import source
from recorder.rtsp.client import Channels
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import RtspUrl
from recorder.run import Run
from recorder.shard import Shard
from recorder.status import ShardSettings, State
from storage.records import GapCause
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.line import TRACK
from tests.recorder.rtp import Packets, idr, inter

CAMERAS = 113
STEP_US = 10_000
PICTURE_US = 500_000
GROUP = 4
OUTAGE_S = 60
SETTINGS = ShardSettings()
BACK_S = SETTINGS.retry_most_s + CAMERAS / SETTINGS.connects_per_second + 2
"""The longest wait between two attempts, everybody's turn, and a group of pictures."""
PAUSE_US = US_PER_SECOND // SETTINGS.connects_per_second


Begin = Callable[[VideoTrack, Channels], Run[H264Depacketiser]]


class Session:
    """What a worker needs of a session, with pictures that come when the network says so."""

    quiet_ticks = 0
    bitrate_bps = 0
    failure: Exception | None = None

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
    """Between the shard and its cameras; while it is down nobody can be reached."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.is_up = True
        self.attempts: list[int] = []
        self.pictures = 0
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
            raise CameraUnreachable(Cause.UNREACHABLE)
        session = Session(begin)
        self._sessions.append(session)
        return session

    def vanish(self) -> None:
        self.is_up = False
        sessions, self._sessions = self._sessions, []
        for session in sessions:
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
        for session in self._sessions:
            for _ in range(count):
                session.picture(self.clock.mono_us())
                self.pictures += 1

    async def pass_seconds(self, seconds: float) -> None:
        for _ in range(round(seconds * US_PER_SECOND) // STEP_US):
            self.clock.advance(STEP_US)
            for _ in range(12):  # whoever this woke gets as far as he can
                await asyncio.sleep(0)
            if self.clock.mono_us() % PICTURE_US == 0:
                for session in self._sessions:
                    session.picture(self.clock.mono_us())
                    self.pictures += 1


async def test_city_that_vanishes_comes_back_one_after_the_other_and_each_camera_has_one_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, sink, events, stop = SimClock(), MemorySink(), MemoryEvents(), Stop()
    network = Network(clock)
    monkeypatch.setattr(source, "open_session", network.open)
    names = [f"cam{number}" for number in range(CAMERAS)]
    entries = [CameraEntry(CameraId(name), f"rtsp://{name}/", 0) for name in names]
    shard = Shard(entries, dict[str, Any]().__getitem__, sink, events, clock, SETTINGS, is_synchronised=lambda: True)
    task = asyncio.create_task(shard.run(stop))
    await network.pass_seconds(15)
    assert {status.state for status in shard.status()} == {State.RECORDING}
    network.vanish()
    await network.pass_seconds(OUTAGE_S)
    assert {status.state for status in shard.status()} == {State.WAITING}
    assert {status.cause for status in shard.status()} == {Cause.UNREACHABLE.value}
    network.is_up = True
    await network.pass_seconds(BACK_S)
    assert {status.state for status in shard.status()} == {State.RECORDING}
    assert {status.reconnects for status in shard.status()} == {1}
    assert all(later - earlier >= PAUSE_US for earlier, later in pairwise(network.attempts))
    stop.set()
    await task
    assert sum(sink.frames(name) for name in names) == network.pictures
    for name in names:
        _assert_one_gap(sink, events, name)


async def test_camera_whose_every_session_ends_after_thirty_seconds_is_soon_recorded_again_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, stop = SimClock(), Stop()
    network = Network(clock)
    monkeypatch.setattr(source, "open_session", network.open)
    shard = Shard(
        [CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)],
        dict[str, Any]().__getitem__,
        MemorySink(),
        MemoryEvents(),
        clock,
        SETTINGS,
        is_synchronised=lambda: True,
    )
    task = asyncio.create_task(shard.run(stop))
    ends_us = []
    for _ in range(8):
        before = len(network.attempts)
        while len(network.attempts) == before:
            await network.pass_seconds(0.1)
        await network.pass_seconds(30)
        network.vanish()
        network.is_up = True
        ends_us.append(clock.mono_us())
    stop.set()
    await task
    assert all(after - end <= 1_200_000 for end, after in zip(ends_us, network.attempts[1:], strict=False))


async def test_machine_that_stood_still_ends_no_session_and_what_waited_in_the_kernel_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A virtual machine that was paused, or moved: 113 cameras are still there, and their pictures with them."""
    clock, sink, events, stop = SimClock(), MemorySink(), MemoryEvents(), Stop()
    network = Network(clock)
    monkeypatch.setattr(source, "open_session", network.open)
    names = [f"cam{number}" for number in range(CAMERAS)]
    entries = [CameraEntry(CameraId(name), f"rtsp://{name}/", 0) for name in names]
    shard = Shard(entries, dict[str, Any]().__getitem__, sink, events, clock, SETTINGS, is_synchronised=lambda: True)
    task = asyncio.create_task(shard.run(stop))
    await network.pass_seconds(10)
    network.stand_still(30)
    await network.pass_seconds(10)
    assert {status.state for status in shard.status()} == {State.RECORDING}
    assert len(network.attempts) == CAMERAS
    stop.set()
    await task
    assert sum(sink.frames(name) for name in names) == network.pictures
    for name in names:
        assert [gap.cause for gap in events.of(name)] == [GapCause.SILENT, GapCause.STOPPED]


async def test_camera_that_vanished_while_the_machine_stood_still_is_found_out_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, events, stop = SimClock(), MemoryEvents(), Stop()
    network = Network(clock)
    monkeypatch.setattr(source, "open_session", network.open)
    entries = [CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)]
    nobody = dict[str, Any]().__getitem__
    shard = Shard(entries, nobody, MemorySink(), events, clock, SETTINGS, is_synchronised=lambda: True)
    task = asyncio.create_task(shard.run(stop))
    await network.pass_seconds(10)
    network.stand_still(30, pictures=False)
    network.freeze()
    await network.pass_seconds(SETTINGS.stall_s + 2)
    assert [gap.detail for gap in events.of("cam1")] == ["starting", "stalled"]
    assert len(network.attempts) == 2
    stop.set()
    await task


def _assert_one_gap(sink: MemorySink, events: MemoryEvents, name: str) -> None:
    """From the end of the last record before the outage to the beginning of the first one after it."""
    before, after = sink.of(name)
    starting, outage, stopped = events.of(name)
    last = before.records[-1]
    assert (starting.cause, starting.to_utc_us) == (GapCause.SILENT, before.start.start_utc_us)
    assert outage.cause is GapCause.SILENT
    assert outage.from_utc_us == last.start_utc_us + us_from_ticks(last.dur_90k)
    assert outage.to_utc_us == after.start.start_utc_us
    assert outage.to_utc_us - outage.from_utc_us >= OUTAGE_S * US_PER_SECOND - PICTURE_US
    assert (stopped.cause, stopped.to_utc_us) == (GapCause.STOPPED, None)
    assert before.start.run != after.start.run
    assert before.closed
    assert after.closed
