"""A whole city's cameras vanish in one instant and come back in another, on a simulated clock."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, us_from_ticks
from recorder.errors import Cause
from recorder.rtsp import source
from recorder.shard import Shard
from recorder.status import ShardSettings, State
from storage.records import GapCause
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.network import PICTURE_US, Network

CAMERAS = 113
OUTAGE_S = 60
SETTINGS = ShardSettings()
BACK_S = SETTINGS.retry_most_s + CAMERAS / SETTINGS.connects_per_second + 2
"""The longest wait between two attempts, everybody's turn, and a group of pictures."""
PAUSE_US = US_PER_SECOND // SETTINGS.connects_per_second


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
