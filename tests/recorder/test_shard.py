import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId, PointId
from nvr.base.stop import Stop
from nvr.base.units import UtcUs
from nvr.sim.server import Simulator
from recorder.errors import CameraUnreachable, Cause
from recorder.shard import Shard
from recorder.status import ShardSettings, State
from storage.records import GapCause, SegmentStart
from storage.snapshot import CameraEntry
from tests.recorder.city import OTHER, QUICK, SMALL, Ticking, city, entry
from tests.recorder.fakes import MemoryEvents, MemorySink


def _no_secrets(name: str) -> tuple[str, str]:
    raise KeyError(name)


async def test_change_of_the_cameras_disturbs_no_other() -> None:
    third = replace(SMALL, name="cam3")
    async with city(SMALL, OTHER, third, entries=lambda sim: [entry(sim, SMALL), entry(sim, OTHER)]) as town:
        await town.recorded("cam1", 20)
        await town.recorded("cam2", 20)
        moved = replace(entry(town.sim, OTHER), point=PointId("p2"))
        town.shard.apply([entry(town.sim, SMALL), moved, entry(town.sim, third)])
        await town.recorded("cam3", 10)
        await town.sink.until(lambda: any(segment.start.point == "p2" for segment in town.sink.of("cam2")))
        await town.recorded("cam2", 10)
        town.shard.apply([entry(town.sim, SMALL), moved])
        await town.recorded("cam1", 20)
        await town.until(lambda: town.sim.players("cam3") == 0)
        assert [status.camera for status in town.shard.status()] == ["cam1", "cam2"]
        assert town.status("cam1").reconnects == 0
    assert [gap.cause for gap in town.events.of("cam1")] == [GapCause.SILENT, GapCause.STOPPED]
    assert [gap.cause for gap in town.events.of("cam2")] == [
        GapCause.SILENT,
        GapCause.STOPPED,
        GapCause.SILENT,
        GapCause.STOPPED,
    ]
    assert len({segment.start.run for segment in town.sink.of("cam1")}) == 1
    assert all(segment.closed for segment in town.sink.of("cam3"))
    stopped = town.events.of("cam2")[1]
    assert stopped.to_utc_us is not None


async def test_rotation_closes_at_once_what_was_received_and_goes_on() -> None:
    async with city(replace(SMALL, gop_frames=200)) as town:
        await town.recorded("cam1", 50)
        closed = await town.shard.rotate([CameraId("cam1"), CameraId("elsewhere")])
        first = town.sink.of("cam1")[0]
        assert closed == [first.start.segment]
        assert first.closed
        await town.recorded("cam1", 10)
        again = await town.shard.rotate([CameraId("cam1")])
        second = town.sink.of("cam1")[1]
        assert again == [second.start.segment]
        assert second.start.continues == first.start.segment
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", ""]


async def test_segments_have_the_length_that_is_set() -> None:
    async with city(SMALL, settings=replace(QUICK, segment_seconds=2)) as town:
        await town.recorded("cam1", 120)
    records = [len(segment.records) for segment in town.sink.of("cam1")]
    assert len(records) >= 3
    assert max(records) <= 4


async def test_full_queue_of_storage_is_a_gap_and_recording_goes_on_by_itself() -> None:
    async with city(SMALL) as town:
        await town.recorded("cam1", 20)
        town.sink.full = True
        await town.events.until(lambda: len(town.events.of("cam1")) == 2)
        town.sink.full = False
        await town.recorded("cam1", 20)
        assert town.status("cam1").dropped >= 1
        assert town.status("cam1").reconnects == 0
    gap = town.events.of("cam1")[1]
    assert (gap.cause, gap.to_utc_us is not None) == (GapCause.FELL_BEHIND, True)


async def test_nothing_runs_before_and_after() -> None:
    async with Simulator([SMALL]) as sim:
        shard = Shard(
            [], _no_secrets, MemorySink(), MemoryEvents(), Ticking(), ShardSettings(), is_synchronised=lambda: True
        )
        shard.apply([entry(sim, SMALL)])
        assert shard.status() == []
        stop = Stop()
        stop.set()
        await shard.run(stop)
        assert shard.status()[0].state is State.IDLE
        shard.apply([])
        assert sim.players("cam1") == 0


class _Broken(MemorySink):
    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        raise ZeroDivisionError


async def test_fault_of_the_program_ends_the_shard() -> None:
    async with Simulator([SMALL]) as sim:
        shard = Shard(
            [entry(sim, SMALL)],
            _no_secrets,
            _Broken(),
            MemoryEvents(),
            Ticking(),
            QUICK,
            is_synchronised=lambda: True,
        )
        with pytest.raises(ExceptionGroup) as caught:
            await shard.run(Stop())
        assert caught.value.subgroup(ZeroDivisionError) is not None


class _SteppingClock(Ticking):
    ahead_us = 0

    def utc_us(self) -> UtcUs:
        return UtcUs(super().utc_us() + self.ahead_us)


async def test_step_of_the_servers_clock_begins_an_epoch_for_every_camera() -> None:
    async with Simulator([SMALL, OTHER]) as sim:
        clock, sink, events, stop = _SteppingClock(), MemorySink(), MemoryEvents(), Stop()
        settings = replace(QUICK, clock_epoch=41)
        cameras = [entry(sim, SMALL), entry(sim, OTHER)]
        shard = Shard(cameras, _no_secrets, sink, events, clock, settings, is_synchronised=lambda: True)
        task = asyncio.create_task(shard.run(stop))
        await sink.until(lambda: sink.frames("cam1") > 50 and sink.frames("cam2") > 50)
        clock.ahead_us = 3_600_000_000
        seen = [sink.frames("cam1") + 30, sink.frames("cam2") + 30]
        await sink.until(lambda: sink.frames("cam1") > seen[0] and sink.frames("cam2") > seen[1])
        assert shard.clock_epoch == 42
        stop.set()
        await task
    assert [(step.epoch, round(step.step_us, -6)) for step in events.steps] == [(42, 3_600_000_000)]
    for camera in ("cam1", "cam2"):
        assert [segment.start.clock_epoch for segment in sink.of(camera)] == [41, 42]
        assert [gap.cause for gap in events.of(camera)] == [GapCause.SILENT, GapCause.CLOCK, GapCause.STOPPED]


async def test_city_that_comes_back_at_once_connects_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, stop = SimClock(), Stop()
    attempts: list[int] = []

    async def refuse(*_: object, **__: object) -> None:
        attempts.append(clock.mono_us())
        raise CameraUnreachable(Cause.REFUSED)

    monkeypatch.setattr("recorder.rtsp.source.open_session", refuse)
    cameras = [CameraEntry(CameraId(f"cam{n}"), f"rtsp://192.0.2.1/{n}", 0) for n in range(113)]
    settings = ShardSettings(retry_first_s=1.0, retry_most_s=4.0)
    sink, events = MemorySink(), MemoryEvents()
    shard = Shard(cameras, _no_secrets, sink, events, clock, settings, is_synchronised=lambda: True)
    began_us = clock.mono_us()
    task = asyncio.create_task(shard.run(stop))
    while len(attempts) < 5 * len(cameras):
        for _ in range(10):
            await asyncio.sleep(0)
        clock.advance(2_000)
    stop.set()
    await task
    first, later = attempts[: len(cameras)], attempts[len(cameras) :]
    assert min(after - before for before, after in pairwise(attempts)) >= 8_000  # a turn each, seen every 2 ms
    assert first[-1] - began_us < 1_500_000
    assert later[-1] - later[0] < 30_000_000


async def test_stop_signal_calls_no_camera_that_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, stop, begun = SimClock(), Stop(), asyncio.Event()
    called = []

    async def refuse(*_: object, **__: object) -> None:
        called.append(clock.mono_us())
        begun.set()
        raise CameraUnreachable(Cause.REFUSED)

    monkeypatch.setattr("recorder.rtsp.source.open_session", refuse)
    cameras = [CameraEntry(CameraId(f"cam{n}"), f"rtsp://192.0.2.1/{n}", 0) for n in range(20)]
    sink, events = MemorySink(), MemoryEvents()
    shard = Shard(cameras, _no_secrets, sink, events, clock, ShardSettings(), is_synchronised=lambda: True)
    task = asyncio.create_task(shard.run(stop))
    await begun.wait()
    stop.set()
    await task
    assert len(called) == 1


async def test_camera_whose_bytes_reach_no_disk_is_stalled_and_says_so_until_they_do() -> None:
    written = {"cam1": 0, "cam2": 0}
    async with city(SMALL, OTHER, written=lambda camera: written[camera]) as town:

        def cam2_is_written() -> bool:
            written["cam2"] += 1
            return town.status("cam1").state is State.STALLED

        await town.until(cam2_is_written)
        assert (town.status("cam1").cause, town.status("cam2").state) == ("not-written", State.RECORDING)
        written["cam1"] = 1
        await town.until(lambda: town.status("cam1").state is State.RECORDING)
        assert town.status("cam1").cause is None
        assert town.status("cam1").reconnects == 0
    # What storage took and did not write, storage tells: here there is no gap but those of start and end.
    assert [gap.cause for gap in town.events.of("cam1")] == [GapCause.SILENT, GapCause.STOPPED]


async def test_new_address_and_login_of_one_camera_leave_the_sessions_of_the_others_as_they_are() -> None:
    third = replace(SMALL, name="cam3")
    entries = [SMALL, OTHER, third]
    async with city(*entries) as town:
        for camera in entries:
            await town.recorded(camera.name, 20)
        moved = replace(entry(town.sim, OTHER), url=town.sim.url("cam3"))
        town.shard.apply([entry(town.sim, SMALL), moved, entry(town.sim, third)])
        await town.until(lambda: town.sim.players("cam2") == 0 and town.sim.players("cam3") == 2)
        locked = replace(moved, secret="nowhere")
        town.shard.apply([entry(town.sim, SMALL), locked, entry(town.sim, third)])
        await town.until(lambda: town.status("cam2").cause == "no-secret")
        for name in ("cam1", "cam3"):
            await town.recorded(name, 20)
            status = town.status(name)
            assert (status.lost, status.dropped, status.reconnects) == (0, 0, 0)
    for name in ("cam1", "cam3"):
        assert len({segment.start.run for segment in town.sink.of(name)}) == 1
        assert [gap.cause for gap in town.events.of(name)] == [GapCause.SILENT, GapCause.STOPPED]
