"""A whole city's cameras vanish in one instant and come back in another, on a simulated clock."""

from itertools import pairwise

import pytest

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, us_from_ticks
from recorder.errors import Cause
from recorder.status import ShardSettings, State
from storage.records import GapCause
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.network import PICTURE_US, recorded

CAMERAS = 113
OUTAGE_S = 60
SETTINGS = ShardSettings()
BACK_S = SETTINGS.retry_most_s + CAMERAS / SETTINGS.connects_per_second + 2
"""The longest wait between two attempts, everybody's turn, and a group of pictures."""
PAUSE_US = US_PER_SECOND // SETTINGS.connects_per_second


NAMES = [f"cam{number}" for number in range(CAMERAS)]
CITY = [CameraEntry(CameraId(name), f"rtsp://{name}/", 0) for name in NAMES]


async def test_city_that_vanishes_comes_back_one_after_the_other_and_each_camera_has_one_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with recorded(CITY, monkeypatch, SETTINGS) as here:
        shard, network = here.shard, here.network
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
    assert sum(here.sink.frames(name) for name in NAMES) == network.pictures
    for name in NAMES:
        _assert_one_gap(here.sink, here.events, name)


async def test_camera_whose_every_session_ends_after_thirty_seconds_is_soon_recorded_again_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends_us = []
    async with recorded(CITY[:1], monkeypatch, SETTINGS) as here:
        network = here.network
        for _ in range(8):
            before = len(network.attempts)
            while len(network.attempts) == before:
                await network.pass_seconds(0.1)
            await network.pass_seconds(30)
            network.vanish()
            network.is_up = True
            ends_us.append(network.clock.mono_us())
    assert all(after - end <= 1_200_000 for end, after in zip(ends_us, network.attempts[1:], strict=False))


async def test_machine_that_stood_still_ends_no_session_and_what_waited_in_the_kernel_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A virtual machine that was paused, or moved: 113 cameras are still there, and their pictures with them."""
    async with recorded(CITY, monkeypatch, SETTINGS) as here:
        await here.network.pass_seconds(10)
        here.network.stand_still(30)
        await here.network.pass_seconds(10)
        assert {status.state for status in here.shard.status()} == {State.RECORDING}
        assert len(here.network.attempts) == CAMERAS
    assert sum(here.sink.frames(name) for name in NAMES) == here.network.pictures
    for name in NAMES:
        assert [gap.cause for gap in here.events.of(name)] == [GapCause.SILENT, GapCause.STOPPED]


async def test_camera_that_vanished_while_the_machine_stood_still_is_found_out_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with recorded(CITY[:1], monkeypatch, SETTINGS) as here:
        await here.network.pass_seconds(10)
        here.network.stand_still(30, pictures=False)
        here.network.freeze()
        await here.network.pass_seconds(SETTINGS.stall_s + 2)
        assert [gap.detail for gap in here.events.of("cam0")] == ["starting", "stalled"]
        assert len(here.network.attempts) == 2


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
