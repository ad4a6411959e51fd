"""Cameras that are away, and links by radio: on a simulated clock, with a network that a test takes down."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import cast

import pytest

from nvr.base.ids import CameraId, PointId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable, Cause
from recorder.health.states import Fault
from recorder.health.watch import NOT_WATCHED, CameraHealth, HealthWatch
from recorder.patience import AWAY, SLOW_CONNECT_S, SLOW_QUIET_S, SLOW_STALL_S, Absence, settings_for
from recorder.rtsp import source
from recorder.status import ShardSettings, State
from storage.records import CodecConfig, GapCause, Record
from storage.snapshot import CameraEntry, CameraKind
from tests.recorder.network import Town, recorded

NOMADIC = CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0, kind=CameraKind.NOMADIC)
FIXED = replace(NOMADIC, kind=CameraKind.FIXED)
SETTINGS = ShardSettings(absent_after_s=900, absent_retry_s=300)
HOUR_S = 3600


@asynccontextmanager
async def town(
    entry: CameraEntry, monkeypatch: pytest.MonkeyPatch, health: HealthWatch | None = None
) -> AsyncIterator[Town]:
    """One camera, recorded until the block ends."""
    async with recorded([entry], monkeypatch, SETTINGS, step_us=500_000, health=health) as here:
        await here.network.pass_seconds(1)
        yield here


async def test_nomadic_camera_that_is_away_is_one_gap_with_two_events_and_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with town(NOMADIC, monkeypatch) as here:
        await here.network.pass_seconds(30)
        assert here.status.state is State.RECORDING
        told = len(here.events.told)
        here.network.vanish()
        await here.network.pass_seconds(600)
        assert all(segment.closed for segment in here.sink.of("cam1"))
        assert (here.status.state, here.status.cause) == (State.WAITING, Cause.UNREACHABLE.value)
        await here.network.pass_seconds(400)
        assert (here.status.state, here.status.cause) == (State.ABSENT, None)
        since, attempts = here.status.since_utc_us, len(here.network.attempts)
        await here.network.pass_seconds(3 * HOUR_S)
        assert (here.status.state, here.status.since_utc_us) == (State.ABSENT, since)
        looked = len(here.network.attempts) - attempts
        assert 3 * HOUR_S / 300 - 1 <= looked <= 3 * HOUR_S / 150 + 1
        here.network.is_up = True
        await here.network.pass_seconds(305)
        assert (here.status.state, here.status.cause) == (State.RECORDING, None)
        began, ended = here.events.told[told:]
        assert (began.gap, began.to_utc_us, began.cause) == (ended.gap, None, GapCause.SILENT)
        assert ended.detail == "absent"
        assert ended.to_utc_us is not None


async def test_fixed_camera_that_is_away_stays_a_fault_that_began_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(FIXED, monkeypatch) as here:
        await here.network.pass_seconds(30)
        told = len(here.events.told)
        here.network.vanish()
        await here.network.pass_seconds(5)
        since = here.status.since_utc_us
        await here.network.pass_seconds(HOUR_S)
        assert here.status.state in (State.WAITING, State.CONNECTING)
        assert (here.status.cause, here.status.since_utc_us) == (Cause.UNREACHABLE.value, since)
        assert len(here.events.told) == told + 1


async def test_camera_that_is_entered_as_absent_is_absent_at_once_and_recorded_when_it_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with town(replace(FIXED, absent=True), monkeypatch) as here:
        await here.network.pass_seconds(4)
        assert (here.status.state, here.status.reconnects) == (State.RECORDING, 0)
        here.network.vanish()
        await here.network.pass_seconds(2)
        assert (here.status.state, here.status.cause) == (State.ABSENT, None)
        here.network.is_up = True
        await here.network.pass_seconds(305)
        assert here.status.state is State.RECORDING


async def test_picture_of_a_camera_that_is_away_is_no_trouble_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Covered:
        async def run(self, stop: Stop) -> None:
            await stop.wait()

        def watch(self, _entry: CameraEntry) -> Callable[[Record, CodecConfig], None]:
            return lambda _record, _codec: None

        def health(self, _camera: CameraId) -> CameraHealth:
            return CameraHealth(faults=(Fault.COVERED,))

    async with town(NOMADIC, monkeypatch, cast("HealthWatch", Covered())) as here:
        await here.network.pass_seconds(30)
        assert here.status.health.faults == (Fault.COVERED,)
        here.network.vanish()
        await here.network.pass_seconds(1000)
        assert (here.status.state, here.status.health) == (State.ABSENT, NOT_WATCHED)


async def test_attempts_that_fail_after_long_are_no_healthy_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    began_us: list[int] = []
    async with town(NOMADIC, monkeypatch) as here:

        async def hang(*_: object, **__: object) -> None:
            began_us.append(here.network.clock.mono_us())
            await asyncio.Event().wait()

        monkeypatch.setattr(source, "open_session", hang)
        here.network.vanish()
        await here.network.pass_seconds(400)
    pauses_s = [(after - before) / US_PER_SECOND - SLOW_CONNECT_S for before, after in pairwise(began_us)]
    assert pauses_s[0] <= 3
    assert pauses_s[4] >= 8


async def test_nomadic_camera_that_answers_wrongly_is_there_and_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(NOMADIC, monkeypatch) as here:
        here.network.refusal = Cause.UNAUTHORIZED
        here.network.vanish()
        await here.network.pass_seconds(HOUR_S)
        assert (here.status.state, here.status.cause) == (State.WAITING, Cause.UNAUTHORIZED.value)


@pytest.mark.parametrize("how", ["told", "moved"])
async def test_absent_camera_is_tried_at_once_when_somebody_says_so(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(NOMADIC, monkeypatch) as here:
        here.network.vanish()
        await here.network.pass_seconds(2000)
        assert (here.status.state, here.status.cause) == (State.ABSENT, None)
        here.network.is_up = True
        told = len(here.events.told)
        if how == "told":
            here.shard.retry([CameraId("cam1"), CameraId("cam9")])
        else:
            here.shard.apply([replace(NOMADIC, point=PointId("p40"))])
        await here.network.pass_seconds(5)
        assert here.status.state is State.RECORDING
        (ended,) = here.events.told[told:]
        assert ended.to_utc_us is not None
        assert [segment.closed for segment in here.sink.of("cam1")] == [True, False]
        assert here.sink.of("cam1")[-1].start.point == (None if how == "told" else "p40")


async def test_pause_of_a_radio_link_is_no_gap_and_costs_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(NOMADIC, monkeypatch) as here:
        await here.network.pass_seconds(20)
        told = len(here.events.told)
        here.network.pause()
        await here.network.pass_seconds(30)
        assert here.status.state is State.RECORDING
        here.network.resume()
        await here.network.pass_seconds(5)
        assert (here.status.state, here.status.reconnects) == (State.RECORDING, 0)
        assert len(here.events.told) == told
    assert here.sink.frames("cam1") == here.network.pictures


async def test_silence_that_no_radio_link_explains_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(NOMADIC, monkeypatch) as here:
        await here.network.pass_seconds(20)
        here.network.pause()
        await here.network.pass_seconds(SLOW_QUIET_S + 5)
        assert (here.status.state, here.status.cause) == (State.STALLED, Cause.STALLED.value)
        await here.network.pass_seconds(SLOW_STALL_S - SLOW_QUIET_S)
        assert len(here.network.attempts) == 2


@pytest.mark.parametrize(("entry", "endured_s"), [(NOMADIC, SLOW_STALL_S), (FIXED, None)])
async def test_only_the_link_of_a_nomadic_camera_may_be_silent(
    entry: CameraEntry, endured_s: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(entry, monkeypatch) as here:
        await here.network.pass_seconds(5)
        here.network.vanish()
        assert here.network.endured == [endured_s]


@pytest.mark.parametrize("cause", sorted(Cause))
def test_only_what_a_camera_looks_like_that_is_not_there_is_absence(cause: Cause) -> None:
    absence = Absence(NOMADIC, SETTINGS, MonoUs(0))
    later = MonoUs(900 * US_PER_SECOND)
    assert absence.explains(cause, later) is (cause in AWAY)
    assert not absence.explains(cause, MonoUs(later - 1))
    absence.seen(MonoUs(10))
    assert not absence.explains(cause, later)
    assert Absence(replace(FIXED, absent=True), SETTINGS, MonoUs(0)).explains(cause, MonoUs(0))
    assert not Absence(FIXED, SETTINGS, MonoUs(0)).explains(cause, later)
    assert CameraUnreachable(cause).cause is cause


def test_only_nomadic_cameras_are_given_more_time_and_never_less_than_the_settings_give() -> None:
    assert settings_for(FIXED, SETTINGS) is SETTINGS
    given = settings_for(NOMADIC, replace(SETTINGS, stall_s=300))
    assert (given.stall_s, given.quiet_s, given.connect_timeout_s) == (300, SLOW_QUIET_S, 30)
