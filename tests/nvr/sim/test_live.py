import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from nvr.base.clock import SimClock, SystemClock
from nvr.base.units import UtcUs
from nvr.sim import live
from nvr.sim.camera import SimCamera
from nvr.sim.live import CaptureClock, LiveSource
from nvr.sim.rtp import FRAME_HEADER_BYTES, RTP_HEADER_BYTES, RtpFrame

SMALL = SimCamera("cam1", width=160, height=90, fps=50, gop_frames=25, bitrate_bps=200_000)

SPS, PPS = 7, 8
"""Kinds of NAL unit (ITU-T H.264 table 7-1)."""


class Collector:
    """Takes frames until there are enough."""

    def __init__(self, enough: int, *, only_keys: bool = False) -> None:
        self.frames: list[tuple[RtpFrame, int, int]] = []
        self.at_first: Callable[[], None] = lambda: None
        self._enough = enough
        self._only_keys = only_keys
        self._there = asyncio.Event()

    def __call__(self, frame: RtpFrame, pts_90k: int, capture_utc_us: int) -> None:
        if self._only_keys and not frame.key:
            return
        self.frames.append((frame, pts_90k, capture_utc_us))
        if len(self.frames) == 1:
            self.at_first()
        if len(self.frames) >= self._enough:
            self._there.set()

    async def enough(self) -> None:
        await self._there.wait()


@pytest.fixture
async def source() -> AsyncIterator[LiveSource]:
    with ThreadPoolExecutor(4) as pool:
        source = LiveSource(SMALL, SystemClock(), pool)
        await source.open()
        yield source
        await source.close()


def test_capture_instants_are_exact_while_the_clock_is_not_stepped() -> None:
    clock = SimClock(utc_us=5_000_000, mono_us=1_000_000)
    capture = CaptureClock(clock)
    assert capture.utc_us(1_000_000) == 5_000_000
    clock.advance(40_000)
    clock.step_utc(900)
    assert capture.utc_us(1_040_000) == 5_040_000
    clock.step_utc(3_600_000_000)
    assert capture.utc_us(1_040_000) == 3_605_040_900


class _Interrupted(SimClock):
    """Takes the processor away between two readings when told to."""

    pause_us = 0

    def utc_us(self) -> UtcUs:
        now = super().utc_us()
        pause_us, self.pause_us = self.pause_us, 0
        self.advance(pause_us)
        return now


def test_pause_between_two_readings_is_no_step_of_the_clock() -> None:
    clock = _Interrupted(utc_us=5_000_000, mono_us=1_000_000)
    capture = CaptureClock(clock)
    clock.pause_us = 30_000
    assert capture.utc_us(1_040_000) == 5_040_000


async def test_timestamps_follow_the_capture_instants(source: LiveSource) -> None:
    collector = Collector(20)
    source.play(collector)
    await collector.enough()
    frames = collector.frames
    assert frames[0][0].key
    assert frames[0][1] == 0
    assert all(pts_90k * 100 // 9 == capture_utc_us - frames[0][2] for _, pts_90k, capture_utc_us in frames)
    assert all(pts_90k % 1800 == 0 for _, pts_90k, _ in frames)


async def test_key_frame_comes_when_wanted_before_the_group_ends() -> None:
    camera = SimCamera("cam1", width=160, height=90, fps=50, gop_frames=10_000)
    with ThreadPoolExecutor(2) as pool:
        source = LiveSource(camera, SystemClock(), pool)
        collector = Collector(2, only_keys=True)
        collector.at_first = source.want_key
        source.play(collector)
        await collector.enough()
        await source.close()
    assert len(collector.frames) == 2


async def test_paused_source_delivers_nothing_more(source: LiveSource) -> None:
    ended, going_on = Collector(1), Collector(5)
    source.play(ended)
    await ended.enough()
    source.play(going_on)
    taken = len(ended.frames)
    await going_on.enough()
    assert len(ended.frames) == taken
    assert going_on.frames[0][0].key


@pytest.mark.parametrize(("in_band", "sets"), [(True, [SPS, PPS]), (False, [])])
async def test_parameter_sets_can_stay_out_of_the_stream(in_band: bool, sets: list[int]) -> None:
    camera = SimCamera("cam1", width=160, height=90, parameter_sets_in_band=in_band)
    with ThreadPoolExecutor(2) as pool:
        source = LiveSource(camera, SystemClock(), pool)
        collector = Collector(1)
        source.play(collector)
        await collector.enough()
        await source.close()
    frame = collector.frames[0][0]
    kinds = [frame.template[at + FRAME_HEADER_BYTES + RTP_HEADER_BYTES] & 0x1F for at in frame.offsets]
    assert [kind for kind in kinds if kind in (SPS, PPS)] == sets


async def test_error_of_the_thread_is_told_at_once_and_raised_at_close(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, **_: object) -> None:
            raise RuntimeError("no paint")

    monkeypatch.setattr(live, "Painter", Broken)
    told: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.set_result(context["exception"]))
    with ThreadPoolExecutor(2) as pool:
        source = LiveSource(SMALL, SystemClock(), pool)
        source.play(Collector(1))
        assert str(await told) == "no paint"
        with pytest.raises(RuntimeError, match="no paint"):
            await source.close()
