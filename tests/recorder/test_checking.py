"""Cameras tried out against simulated ones, with and without a recording beside."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.sim.camera import SimCamera
from nvr.sim.server import Simulator
from recorder.checking import Means, check
from recorder.onvif.reach import Reach
from recorder.rtsp.trust import Trust
from recorder.shard import Shard
from recorder.sources import source_of
from recorder.status import CameraStatus, ShardSettings, State
from storage.snapshot import CameraEntry
from tests.recorder.city import QUICK
from tests.recorder.fakes import MemoryEvents, MemorySink, camera_status

CAM = SimCamera(name="cam1", width=352, height=288, fps=12, gop_frames=6, bitrate_bps=300_000)
NAME = CameraId("cam-1")
NO_ONVIF = Reach(SystemClock(), Trust(), locate_s=0.0)


def entry_of(sim: Simulator, secret: str | None = None) -> CameraEntry:
    return CameraEntry(camera=NAME, url=sim.url("cam1"), shard=0, secret=secret)


def means(
    status: Callable[[CameraId], CameraStatus | None] = lambda _: None,
    *,
    timeout_s: int = 10,
    reach: Reach = NO_ONVIF,
    **logins: tuple[str, str],
) -> Means:
    clock, settings = SystemClock(), ShardSettings(connect_timeout_s=timeout_s)
    return Means(
        secrets=logins.__getitem__,
        status=status,
        source=lambda entry: source_of(entry, clock, settings),
        clock=clock,
        connect_timeout_s=timeout_s,
        reach=reach,
    )


def no_secrets(name: str) -> tuple[str, str]:
    raise LookupError(name)


def ids(answer: dict[str, Any]) -> list[str]:
    return [finding["id"] for finding in answer["findings"]]


async def test_camera_is_measured_and_its_session_given_back() -> None:
    async with Simulator([CAM]) as sim:
        answer = await check(entry_of(sim), means(), limit_s=8)
        await sim.wait_request("cam1", "TEARDOWN")
    measured: Any = answer["measured"]
    assert (measured["width"], measured["height"], measured["key_interval_ms"]) == (352, 288, 500)
    assert measured["fps_milli"] == pytest.approx(12_000, abs=200)
    assert abs(measured["clock_offset_us"]) < 500_000
    assert (answer["decree"], answer["result"], answer["recorded"]) == ("wide", "warning", False)


async def test_sound_is_told_and_never_set_up() -> None:
    async with Simulator([replace(CAM, audio=True)]) as sim:
        answer: Any = await check(entry_of(sim), means(), limit_s=2)
        assert answer["measured"]["sound"] is True
        assert [each.path[1] for each in sim.requests("cam1") if each.method == "SETUP"] == ["trackID=0"]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("answer_not_found", "not-found"), ("answer_garbage", "garbage"), ("answer_unauthorized", "unauthorized")],
)
async def test_what_stands_between_is_named(fault: str, cause: str) -> None:
    async with Simulator([CAM]) as sim:
        getattr(sim.faults("cam1"), fault)()
        answer = await check(entry_of(sim), means(), limit_s=2)
    assert (answer["cause"], ids(answer), answer["result"]) == (cause, [f"cause-{cause}"], "failed")


async def test_camera_that_never_answers_is_given_up() -> None:
    async with Simulator([CAM]) as sim:
        sim.faults("cam1").answer_nothing()
        answer = await check(entry_of(sim), means(timeout_s=1), limit_s=2)
    assert (answer["cause"], answer["measured"]) == ("timeout", None)


async def test_login_that_is_missing_is_named_without_asking_the_camera() -> None:
    async with Simulator([CAM]) as sim:
        assert (await check(entry_of(sim, "gone"), means(), limit_s=2))["cause"] == "no-secret"
        assert sim.requests("cam1") == ()


async def test_login_is_used_and_not_shown() -> None:
    async with Simulator([replace(CAM, auth="digest", user="ville", password="s3cret")]) as sim:
        answer = await check(entry_of(sim, "l"), means(l=("ville", "s3cret")), limit_s=1)
    assert answer["cause"] is None
    assert "s3cret" not in repr(answer)


async def test_recording_goes_on_beside_the_test() -> None:
    async with Simulator([CAM]) as sim:
        sink = MemorySink()
        shard = Shard([entry_of(sim)], no_secrets, sink, MemoryEvents(), SystemClock(), QUICK)
        stop = Stop()
        running = asyncio.create_task(shard.run(stop))
        await sink.until(lambda: any(segment.records for segment in sink.segments.values()))
        (answer,) = await shard.check([NAME, CameraId("cam-9")], limit_s=2)
        stop.set()
        await running
        assert len([each for each in sim.requests("cam1") if each.method == "PLAY"]) == 2
    assert (answer["recorded"], answer["recording_lost"]) == (True, False)
    assert answer["measured"] is not None


async def test_recording_that_the_camera_gave_up_for_the_test_is_told() -> None:
    status = camera_status(NAME, State.RECORDING)
    told = iter([status, replace(status, reconnects=1)])
    async with Simulator([CAM]) as sim:
        answer = await check(entry_of(sim), means(lambda _: next(told)), limit_s=1)
    assert answer["recording_lost"] is True
    assert "test-recording-lost" in ids(answer)


async def test_camera_that_has_no_second_session_is_not_called_broken() -> None:
    async with Simulator([CAM]) as sim:
        shard = Shard([entry_of(sim)], no_secrets, sink := MemorySink(), MemoryEvents(), SystemClock(), QUICK)
        stop = Stop()
        running = asyncio.create_task(shard.run(stop))
        await sink.until(lambda: any(segment.records for segment in sink.segments.values()))
        sim.faults("cam1").answer_unauthorized()
        (answer,) = await shard.check([NAME], limit_s=2)
        stop.set()
        await running
    assert (ids(answer), answer["result"], answer["measured"]) == (["test-one-session"], "warning", None)
