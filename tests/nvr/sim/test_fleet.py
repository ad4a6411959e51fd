import asyncio
from itertools import pairwise

import pytest

from nvr.base.clock import SimClock
from nvr.sim.encoder import Encoding
from nvr.sim.fleet import SLOTS, FleetSource, RenderedLoop, Ticker, render_loop
from nvr.sim.rtp import RtpFrame

BEGAN_UTC_US = 1_790_000_000_000_000
TICK_US = 40_000 // SLOTS


@pytest.fixture(scope="module")
def loop() -> RenderedLoop:
    encoding = Encoding(width=160, height=90, fps=25, gop_frames=10, bitrate_bps=200_000, b_frames=2)
    return render_loop(encoding, name="fleet", gops=2, start_utc_us=BEGAN_UTC_US)


def _frames_of(source: FleetSource) -> list[tuple[RtpFrame, int, int]]:
    taken: list[tuple[RtpFrame, int, int]] = []
    source.play(lambda frame, pts_90k, utc_us: taken.append((frame, pts_90k, utc_us)))
    return taken


async def _asleep(clock: SimClock) -> None:
    while not clock.sleepers:  # noqa: ASYNC110 -- the simulated clock has no event for it
        await asyncio.sleep(0)


async def _tick(ticker: Ticker, clock: SimClock, ticks: int) -> None:
    task = asyncio.create_task(ticker.run())
    for _ in range(ticks):
        await _asleep(clock)
        clock.advance(TICK_US)
    await _asleep(clock)
    task.cancel()
    await asyncio.wait([task])


def test_loop_holds_whole_groups_in_decoding_order(loop: RenderedLoop) -> None:
    assert len(loop.frames) == 20
    assert [index for index, frame in enumerate(loop.frames) if frame.key] == [0, 10]
    assert sorted(frame.pts_90k for frame in loop.frames) == [3600 * index for index in range(20)]
    assert loop.duration_90k == 72_000


def test_time_goes_on_where_the_loop_begins_again(loop: RenderedLoop) -> None:
    source = FleetSource(loop, shift_frames=7)
    taken = _frames_of(source)
    for count in range(60):
        source.tick(count, BEGAN_UTC_US)
    assert [frame for frame, _, _ in taken] == [loop.frames[(7 + count) % 20] for count in range(60)]
    shown = sorted(pts_90k for _, pts_90k, _ in taken)
    assert len(set(shown)) == 60
    # Cut within a group, the first and the last pictures in order of showing may stand a few frames apart.
    assert {later - earlier for earlier, later in pairwise(shown[3:-3])} == {3600}


def test_paused_camera_is_passed_over(loop: RenderedLoop) -> None:
    source = FleetSource(loop, shift_frames=0)
    taken = _frames_of(source)
    source.tick(0, BEGAN_UTC_US)
    source.pause()
    source.tick(1, BEGAN_UTC_US)
    assert len(taken) == 1


async def test_every_camera_gets_one_frame_per_interval_at_its_own_place(loop: RenderedLoop) -> None:
    clock = SimClock()
    ticker = Ticker(loop, clock)
    taken = [_frames_of(ticker.source()) for _ in range(2 * SLOTS)]
    await _tick(ticker, clock, 5 * SLOTS - 1)
    assert {len(frames) for frames in taken} == {5}
    assert taken[0][0][0] is loop.frames[0]
    assert taken[1][0][0] is loop.frames[7]
    instants = [utc_us for _, _, utc_us in taken[3]]
    assert {later - earlier for earlier, later in pairwise(instants)} == {40_000}
    assert ticker.ticks_skipped == 0


async def test_late_ticker_skips_instead_of_sending_a_burst(loop: RenderedLoop) -> None:
    clock = SimClock()
    ticker = Ticker(loop, clock)
    taken = _frames_of(ticker.source())
    task = asyncio.create_task(ticker.run())
    await _asleep(clock)
    clock.advance(11_000_000)
    await _asleep(clock)
    task.cancel()
    await asyncio.wait([task])
    assert ticker.ticks_skipped > 9 * 25 * SLOTS
    # One second is still made up for, so that a short hitch loses nothing.
    assert 25 <= len(taken) <= 28
