import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest

from nvr.base.units import us_from_ticks
from nvr.sim.camera import SimCamera
from nvr.sim.dialect import Dialect
from nvr.sim.faults import Faults
from nvr.sim.playback import drawn_instants
from recorder.status import State
from recorder.timeline import MAX_SLEW_PPM
from storage.records import GapCause
from tests.recorder.city import OTHER, QUICK, SMALL, city, entry
from tests.recorder.fakes import Segment

_ANSWERS = [
    (Faults.answer_not_found, "not-found"),
    (Faults.answer_unauthorized, "unauthorized"),
    (Faults.answer_garbage, "garbage"),
    (Faults.answer_nothing, "timeout"),
]


def _instants(segment: Segment) -> list[tuple[int, int | None]]:
    """Wall time of each picture as recorded, and the instant that the camera drew into it."""
    samples = []
    for record in segment.records:
        at = 0
        for size, delta_90k in zip(record.sizes, record.pts_delta_90k, strict=True):
            samples.append((record.start_utc_us + us_from_ticks(delta_90k), bytes(record.data[at : at + size])))
            at += size
    codec = segment.start.codec
    return list(drawn_instants(codec.extradata, samples, "h265" if codec.codec.startswith("hvc1") else "h264"))


async def test_pictures_lie_as_far_apart_as_the_clock_in_them_shows() -> None:
    """Whatever the machine's load: it delays packets, and time between pictures is the camera's own.

    How far wall time is from the truth is the arithmetic of test_dating.py, and on a real line that of
    `python -m benchmarks --only time`.
    """
    async with city(SMALL) as town:
        await town.recorded("cam1", 80)
        await town.end()
    segment = town.sink.of("cam1")[0]
    told = await asyncio.to_thread(_instants, segment)
    errors = [wall - drawn for wall, drawn in told if drawn is not None]
    assert len(errors) == len(told) >= 80
    ends = list(accumulate(len(record.sizes) for record in segment.records))
    rounding_us = 24  # a tick of 11.1 us at either end
    for begin, end in pairwise([0, *ends]):
        assert max(errors[begin:end]) - min(errors[begin:end]) <= rounding_us
    for before, after in pairwise([0, *ends[:-1]]):
        slew_us = (told[after][0] - told[before][0]) * MAX_SLEW_PPM // 1_000_000
        assert abs(errors[after] - errors[before]) <= slew_us + rounding_us


@pytest.mark.parametrize("camera", [replace(SMALL, codec="h265"), replace(SMALL, codec="h265", b_frames=2)])
async def test_h265_camera_is_recorded_with_every_picture_at_its_instant(camera: SimCamera) -> None:
    async with city(replace(camera, aggregate=True)) as town:
        await town.recorded("cam1", 60)
        status = town.status("cam1")
        await town.end()
    assert (status.codec, status.width, status.height, status.lost) == ("hvc1.1.6.L60.90", 320, 180, 0)
    segment = town.sink.of("cam1")[0]
    told = await asyncio.to_thread(_instants, segment)
    steps = [(after[0] - before[0], after[1], before[1]) for before, after in pairwise(told)]
    assert len(told) >= 60
    assert all(after is not None and before is not None and after > before for _, after, before in steps)
    assert all(abs(wall - (after or 0) + (before or 0)) <= 1000 for wall, after, before in steps)


async def test_camera_counts_as_recording_only_once_there_is_a_picture_to_begin_with() -> None:
    async with city(replace(SMALL, gop_frames=10_000)) as town:
        town.sim.faults("cam1").lose_packets(4)  # parameter sets, SEI, and the beginning of the only key frame
        await town.until(lambda: town.sim.statistics("cam1").frames > 40)
        assert town.sink.frames("cam1") == 0
        assert town.status("cam1").state is State.CONNECTING


async def test_start_and_stop_are_gaps_and_every_segment_is_closed() -> None:
    async with city(SMALL) as town:
        await town.recorded("cam1", 50)
        await town.until(lambda: town.status("cam1").state is State.RECORDING)
        status = town.status("cam1")
        assert (status.state, status.cause, status.reconnects, status.lost) == (State.RECORDING, None, 0, 0)
        assert (status.codec, status.width, status.height) == ("avc1.42c00c", 320, 180)
        assert status.frames == town.sink.frames("cam1")
        assert status.bitrate_bps > 0
        await town.end()
    records = town.sink.records("cam1")
    starting, stopped = town.events.of("cam1")
    assert (starting.cause, starting.to_utc_us) == (GapCause.SILENT, records[0].start_utc_us)
    end_utc_us = records[-1].start_utc_us + us_from_ticks(records[-1].dur_90k)
    assert (stopped.cause, stopped.from_utc_us, stopped.to_utc_us) == (GapCause.STOPPED, end_utc_us, None)
    assert all(segment.closed for segment in town.sink.of("cam1"))
    assert [request.method for request in town.sim.requests("cam1")][-1] == "TEARDOWN"


async def test_sound_is_never_set_up() -> None:
    async with city(replace(SMALL, audio=True)) as town:
        await town.recorded("cam1", 10)
        set_up = [request.uri for request in town.sim.requests("cam1") if request.method == "SETUP"]
    assert len(set_up) == 1
    assert "audio" not in set_up[0]


@pytest.mark.parametrize(("fault", "cause"), _ANSWERS)
async def test_camera_that_answers_wrongly_is_named_so_and_disturbs_no_other(
    fault: Callable[[Faults], None], cause: str
) -> None:
    async with city(SMALL, OTHER) as town:
        fault(town.sim.faults("cam1"))
        town.sim.faults("cam1").drop_connections()
        await town.recorded("cam2", 60)
        await town.until(lambda: town.status("cam1").cause == cause)
        assert town.status("cam1").state in (State.WAITING, State.CONNECTING)
        town.sim.faults("cam1").recover()
        await town.recorded("cam1", 20)
        await town.until(lambda: town.status("cam1").cause is None)
        assert town.status("cam2").reconnects == 0
    gap = town.events.of("cam1")[0]
    assert (gap.cause, gap.detail) == (GapCause.SILENT, cause)
    assert gap.to_utc_us is not None
    assert [gap.detail for gap in town.events.of("cam2")] == ["starting", ""]


@pytest.mark.parametrize(("cause", "busy_s"), [("busy", 3600.0), ("not-found", 0.0)])
async def test_camera_without_a_session_to_give_is_left_alone_for_longer(cause: str, busy_s: float) -> None:
    async with city(SMALL, OTHER, settings=replace(QUICK, retry_busy_s=busy_s)) as town:
        town.sim.faults("cam1").answer_busy(503)
        if cause == "not-found":
            town.sim.faults("cam1").answer_not_found()
        town.sim.faults("cam1").drop_connections()
        await town.until(lambda: (town.status("cam1").state, town.status("cam1").cause) == (State.WAITING, cause))
        status = town.status("cam1")
        assert status.next_attempt_utc_us is not None
        assert (status.next_attempt_utc_us - status.since_utc_us > 3000 * 1_000_000) == (busy_s > 0)


@pytest.mark.parametrize(("retry_after", "soon"), [("2", True), ("Mon, 23 Nov 2026 08:00:00 GMT", False)])
async def test_camera_that_says_when_it_has_a_session_again_is_called_then(retry_after: str, *, soon: bool) -> None:
    async with city(SMALL, settings=replace(QUICK, retry_busy_s=3600.0)) as town:
        town.sim.faults("cam1").answer_busy(453, retry_after=retry_after)
        town.sim.faults("cam1").drop_connections()
        await town.until(lambda: (town.status("cam1").state, town.status("cam1").cause) == (State.WAITING, "busy"))
        status = town.status("cam1")
        assert status.next_attempt_utc_us is not None
        assert (status.next_attempt_utc_us - status.since_utc_us < 10 * 1_000_000) == soon


async def test_camera_that_ends_every_session_at_its_time_out_is_called_again_each_time() -> None:
    camera = replace(SMALL, session_timeout_s=2, dialect=Dialect(counts=frozenset()))
    async with city(camera) as town:
        await town.until(lambda: town.status("cam1").reconnects >= 3 and town.status("cam1").state is State.RECORDING)
        assert town.sim.statistics("cam1").sessions_timed_out >= 3
        assert town.status("cam1").lost == 0
    gaps = town.events.of("cam1")
    assert [gap.detail for gap in gaps[:4]] == ["starting", "closed", "closed", "closed"]
    assert all(gap.to_utc_us is not None for gap in gaps[:4])
    assert len({segment.start.run for segment in town.sink.of("cam1")}) >= 4


@pytest.mark.parametrize(
    ("dialect", "keeps", "sessions"),
    [
        (Dialect(dies_of=frozenset({"GET_PARAMETER"})), "SET_PARAMETER", 2),
        (Dialect(dies_of=frozenset({"GET_PARAMETER", "SET_PARAMETER"})), "OPTIONS", 3),
        (Dialect(counts=frozenset({"SET_PARAMETER"})), "SET_PARAMETER", 2),
        (Dialect(counts=frozenset({"OPTIONS"})), "OPTIONS", 3),
        (Dialect(counts=frozenset({"RTCP"})), "GET_PARAMETER", 4),
    ],
    ids=["one kills", "two kill", "one is not counted", "two are not counted", "only reports are counted"],
)
async def test_camera_whose_sessions_end_by_a_keep_alive_is_kept_by_another_one(
    dialect: Dialect, keeps: str, sessions: int
) -> None:
    async with city(replace(SMALL, session_timeout_s=2, dialect=dialect)) as town:

        def asked() -> list[str]:
            return [request.method for request in town.sim.requests("cam1")]

        def outlives_its_time_out() -> bool:
            return asked()[-4:] == [keeps] * 4  # one a second

        await town.until(outlives_its_time_out)
        assert asked().count("PLAY") == sessions


async def test_time_out_that_the_answer_to_play_names_is_kept() -> None:
    async with city(replace(SMALL, session_timeout_s=3600, dialect=Dialect(play_timeout_s=2))) as town:
        await town.sim.wait_request("cam1", "GET_PARAMETER", 3)
        await town.recorded("cam1", 10)
        assert (town.status("cam1").reconnects, town.sim.statistics("cam1").sessions_timed_out) == (0, 0)


async def test_camera_that_sends_us_elsewhere_is_recorded_there_and_then_at_home_again() -> None:
    async with city(SMALL, OTHER, entries=lambda sim: [entry(sim, SMALL)]) as town:
        await town.recorded("cam1", 20)
        town.sim.faults("cam1").ask_redirect(town.sim.url("cam2"))
        await town.sim.wait_played("cam2")
        await town.recorded("cam1", 20)
        assert town.sim.players("cam1") == 0
        town.sim.faults("cam2").drop_connections()
        await town.sim.wait_played("cam1")
        await town.recorded("cam1", 20)
        assert town.sim.players("cam2") == 0
        details = [gap.detail for gap in town.events.of("cam1")]
    assert details == ["starting", "redirected", "closed"]


async def test_camera_that_codes_otherwise_after_its_restart_goes_on_in_a_segment_of_its_own() -> None:
    async with city(SMALL, replace(OTHER, codec="h265"), entries=lambda sim: [entry(sim, SMALL)]) as town:
        await town.recorded("cam1", 20)
        town.sim.faults("cam1").ask_redirect(town.sim.url("cam2"))
        await town.sim.wait_played("cam2")
        await town.recorded("cam1", 20)
    codecs = [segment.start.codec.codec[:4] for segment in town.sink.of("cam1")]
    assert codecs == ["avc1", "hvc1"]
    assert {segment.start.continues for segment in town.sink.of("cam1")} == {None}


async def test_frozen_camera_is_stalled_then_given_up_and_the_gap_has_its_length() -> None:
    async with city(SMALL, OTHER) as town:
        await town.recorded("cam1", 50)
        town.sim.faults("cam1").freeze()
        await town.events.until(lambda: len(town.events.of("cam1")) == 2)
        assert town.status("cam1").state is State.STALLED
        last = town.sink.records("cam1")[-1]
        assert town.events.of("cam1")[1].from_utc_us == last.start_utc_us + us_from_ticks(last.dur_90k)
        await town.until(lambda: town.status("cam1").state is not State.STALLED)
        town.sim.faults("cam1").recover()
        await town.recorded("cam1", 20)
        assert town.status("cam1").reconnects >= 1
    gap = town.events.of("cam1")[1]
    assert gap.cause is GapCause.SILENT
    assert gap.to_utc_us is not None
    assert gap.to_utc_us - gap.from_utc_us > 1_500_000
    runs = {segment.start.run for segment in town.sink.of("cam1")}
    assert len(runs) == 2


@pytest.mark.parametrize("drop", [Faults.drop_connections, Faults.drop_in_frame])
async def test_connection_that_drops_in_a_group_keeps_what_came_whole(drop: Callable[[Faults], None]) -> None:
    camera = replace(SMALL, gop_frames=200)
    async with city(camera) as town:
        await town.recorded("cam1", 50)
        before = len(town.sink.of("cam1"))
        drop(town.sim.faults("cam1"))
        await town.sink.until(lambda: len(town.sink.of("cam1")) > before)
        await town.end()
    first, second = town.sink.of("cam1")[:2]
    assert first.closed
    assert second.start.continues is None
    assert second.start.run != first.start.run
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", "closed", ""]


async def test_session_outlives_the_cameras_time_out_by_its_keep_alive() -> None:
    async with city(replace(SMALL, session_timeout_s=3)) as town:
        await town.recorded("cam1", 90)
        assert town.status("cam1").reconnects == 0
        assert town.sim.statistics("cam1").sessions_timed_out == 0


async def test_lost_packets_are_counted_in_the_record() -> None:
    async with city(SMALL) as town:
        await town.recorded("cam1", 30)
        town.sim.faults("cam1").lose_packets(3)
        await town.recorded("cam1", 30)
        assert town.status("cam1").lost == 3
        assert town.status("cam1").reconnects == 0
    assert sum(record.lost for record in town.sink.records("cam1")) == 3


async def test_leap_of_the_cameras_time_stamps_loses_no_picture(caplog: pytest.LogCaptureFixture) -> None:
    async with city(SMALL) as town:
        await town.recorded("cam1", 50)
        town.sim.faults("cam1").jump_timestamps(90_000 * 3600)
        await town.recorded("cam1", 60)
        assert town.status("cam1").reconnects == 0
        await town.end()
    first, second = town.sink.of("cam1")
    assert first.start.run != second.start.run
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", ""]
    assert "time stamps broke (jump)" in caplog.text


async def test_password_opens_the_camera_and_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    camera = replace(SMALL, auth="digest", user="ville", password="gr4ssh0pper", qop_auth=True)
    async with city(camera) as town:
        await town.recorded("cam1", 10)
        town.sim.faults("cam1").expire_nonce()
        town.sim.faults("cam1").answer_unauthorized()
        town.sim.faults("cam1").drop_connections()
        await town.events.until(lambda: len(town.events.of("cam1")) == 2)
        await town.until(lambda: town.status("cam1").cause == "unauthorized")
        assert "gr4ssh0pper" not in repr(town.shard.status())
    assert "camera cam1" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("recorder")]
    assert "gr4ssh0pper" not in "".join(ours)
    assert "ville" not in "".join(ours)


async def test_secret_that_is_not_there_is_named_so() -> None:
    def no_secrets(name: str) -> tuple[str, str]:
        raise KeyError(name)

    camera = replace(SMALL, auth="basic", user="ville", password="x")
    async with city(camera, secrets=no_secrets) as town:
        await town.until(lambda: town.status("cam1").cause == "no-secret")


async def test_camera_that_never_stops_waiting_ends_at_once_when_told() -> None:
    slow = replace(QUICK, retry_first_s=3600.0, retry_most_s=3600.0)
    async with city(SMALL, settings=slow) as town:
        town.sim.faults("cam1").answer_not_found()
        await town.until(lambda: town.status("cam1").state is State.WAITING)
        assert town.status("cam1").next_attempt_utc_us is not None
        await town.end()
    assert [gap.cause for gap in town.events.of("cam1")] == [GapCause.SILENT, GapCause.STOPPED]
