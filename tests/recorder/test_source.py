"""One suite for both sources: the same camera gives the same access units and the same gaps, whoever reads it."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from nvr.base.ids import CameraId
from nvr.base.units import us_from_ticks
from nvr.sim.camera import SimCamera
from nvr.sim.faults import Faults
from nvr.sim.server import Simulator
from recorder.demux import source as demux_source
from recorder.demux.opening import Opening, opening_of
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from recorder.status import State
from storage.records import GapCause, RandomAccess, Record
from storage.snapshot import CameraEntry
from tests.recorder.city import QUICK, SMALL, City, city

NATIVE = "rtsp"
DEMUXED = "rtspu"

both = pytest.mark.parametrize("scheme", [NATIVE, DEMUXED], ids=["native", "demuxed"])
codings = pytest.mark.parametrize("camera", [SMALL, replace(SMALL, codec="h265")], ids=["h264", "h265"])


@pytest.fixture(autouse=True)
def _simulator_speaks_tcp_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator sends no datagrams: FFmpeg reads it over TCP. tests/recorder/test_gstreamer.py has UDP."""

    def over_tcp(url: str, credentials: Credentials | None, trust: Trust) -> Opening:
        opening = opening_of(url, credentials, trust)
        return replace(opening, options={**opening.options, "rtsp_transport": "tcp"}, resumes=False)

    monkeypatch.setattr(demux_source, "opening_of", over_tcp)


def _entry(sim: Simulator, camera: SimCamera, scheme: str, name: str | None = None) -> CameraEntry:
    url = sim.url(camera.name).replace("rtsp://", f"{scheme}://")
    return CameraEntry(CameraId(name or camera.name), url, 0, camera.name if camera.user else None)


def _one(camera: SimCamera, scheme: str) -> Callable[[Simulator], list[CameraEntry]]:
    return lambda sim: [_entry(sim, camera, scheme)]


def _units(records: list[Record]) -> list[tuple[bytes, int]]:
    """Access units with their presentation times, in decode order."""
    units = []
    for record in records:
        at = 0
        for size, delta_90k in zip(record.sizes, record.pts_delta_90k, strict=True):
            units.append((bytes(record.data[at : at + size]), record.pts_90k + delta_90k))
            at += size
    return units


@codings
@pytest.mark.parametrize("b_frames", [0, 2])
async def test_both_sources_give_the_same_access_units_and_times_of_one_stream(
    camera: SimCamera, b_frames: int
) -> None:
    camera = replace(camera, b_frames=b_frames, bitrate_bps=2_000_000)

    def entries(sim: Simulator) -> list[CameraEntry]:
        return [_entry(sim, camera, NATIVE, "native"), _entry(sim, camera, DEMUXED, "demuxed")]

    async with city(camera, entries=entries) as town:
        await town.recorded("demuxed", 80)
        await town.recorded("native", 20)
        await town.end()
    native, demuxed = _units(town.sink.records("native")), _units(town.sink.records("demuxed"))
    first = [data for data, _ in native].index(demuxed[0][0])
    offset_90k = native[first][1] - demuxed[0][1]
    expected = [(data, pts_90k - offset_90k) for data, pts_90k in native[first:]]
    shared = min(len(expected), len(demuxed))
    assert shared >= 60
    assert demuxed[:shared] == expected[:shared]
    kinds = {record.random_access for record in town.sink.records("demuxed")}
    assert kinds == {record.random_access for record in town.sink.records("native")} == {RandomAccess.IDR}
    codecs = {segment.start.codec for segment in [*town.sink.of("native"), *town.sink.of("demuxed")]}
    assert len(codecs) == 1


@both
@codings
async def test_start_and_stop_are_gaps_and_every_segment_is_closed(camera: SimCamera, scheme: str) -> None:
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 40)
        await town.until(lambda: town.status("cam1").state is State.RECORDING)
        status = town.status("cam1")
        assert (status.cause, status.reconnects, status.lost) == (None, 0, 0)
        assert status.codec == {"h264": "avc1.42c00c", "h265": "hvc1.1.6.L60.90"}[camera.codec]
        assert status.frames == town.sink.frames("cam1")
        assert status.bitrate_bps > 0
        await town.end()
        await town.sim.wait_request("cam1", "TEARDOWN")
    records = town.sink.records("cam1")
    starting, stopped = town.events.of("cam1")
    assert (starting.cause, starting.to_utc_us) == (GapCause.SILENT, records[0].start_utc_us)
    end_utc_us = records[-1].start_utc_us + us_from_ticks(records[-1].dur_90k)
    assert (stopped.cause, stopped.from_utc_us, stopped.to_utc_us) == (GapCause.STOPPED, end_utc_us, None)
    assert all(segment.closed for segment in town.sink.of("cam1"))


@both
async def test_sound_is_never_set_up(scheme: str) -> None:
    camera = replace(SMALL, audio=True)
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 10)
        set_up = [request.uri for request in town.sim.requests("cam1") if request.method == "SETUP"]
    assert len(set_up) == 1
    assert "audio" not in set_up[0]


@both
@codings
async def test_connection_that_drops_in_a_group_keeps_what_came_whole(camera: SimCamera, scheme: str) -> None:
    camera = replace(camera, gop_frames=200)
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 50)
        before = len(town.sink.of("cam1"))
        town.sim.faults("cam1").drop_connections()
        await town.sink.until(lambda: len(town.sink.of("cam1")) > before)
        await town.end()
    first, second = town.sink.of("cam1")[:2]
    assert first.closed
    assert second.start.run != first.start.run
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", "closed", ""]


@both
@codings
async def test_silence_is_a_gap_from_the_last_record_on_and_the_camera_is_called_again(
    camera: SimCamera, scheme: str
) -> None:
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 40)
        town.sim.faults("cam1").freeze()
        await town.events.until(lambda: len(town.events.of("cam1")) == 2)
        last = town.sink.records("cam1")[-1]
        silent = town.events.of("cam1")[1]
        assert silent.from_utc_us == last.start_utc_us + us_from_ticks(last.dur_90k)
        await town.until(lambda: town.status("cam1").state in (State.WAITING, State.CONNECTING))
        town.sim.faults("cam1").recover()
        await town.recorded("cam1", 20)
        assert town.status("cam1").reconnects >= 1
    gap = town.events.of("cam1")[1]
    assert (gap.cause, gap.to_utc_us is not None) == (GapCause.SILENT, True)
    assert len({segment.start.run for segment in town.sink.of("cam1")}) >= 2


@both
@codings
async def test_garbage_between_pictures_does_not_end_the_recording(camera: SimCamera, scheme: str) -> None:
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 20)
        town.sim.faults("cam1").send_garbage(b"\x00\xff" * 40)
        await town.recorded("cam1", 40)
        await town.until(lambda: town.status("cam1").state is State.RECORDING)


@both
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Faults.answer_not_found, "not-found"),
        (Faults.answer_unauthorized, "unauthorized"),
        (Faults.answer_nothing, "timeout"),
    ],
)
async def test_camera_that_answers_wrongly_is_named_so(
    scheme: str, fault: Callable[[Faults], None], cause: str
) -> None:
    def entries(sim: Simulator) -> list[CameraEntry]:
        fault(sim.faults("cam1"))
        return [_entry(sim, SMALL, scheme)]

    async with city(SMALL, entries=entries, settings=replace(QUICK, connect_timeout_s=5)) as town:
        await town.until(lambda: town.status("cam1").cause == cause)
        town.sim.faults("cam1").recover()
        await town.recorded("cam1", 10)
    gap = town.events.of("cam1")[0]
    assert (gap.cause, gap.detail) == (GapCause.SILENT, cause)
    assert gap.to_utc_us is not None


@both
async def test_password_opens_the_camera_and_stands_in_no_log(
    scheme: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    camera = replace(SMALL, auth="digest", user="ville", password="gr4ss:h0p@per/", qop_auth=True)
    async with city(camera, entries=_one(camera, scheme)) as town:
        await town.recorded("cam1", 10)
        town.sim.faults("cam1").answer_unauthorized()
        town.sim.faults("cam1").drop_connections()
        await town.until(lambda: town.status("cam1").cause == "unauthorized")
        _says_nothing_of("gr4ss", town, caplog)
    written = capfd.readouterr()
    assert "gr4ss" not in written.out + written.err


def _says_nothing_of(secret: str, town: City, caplog: pytest.LogCaptureFixture) -> None:
    assert secret not in repr(town.shard.status())
    assert "camera cam1" in caplog.text
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("nvr.sim"))
    assert secret not in ours
    assert secret not in repr([gap.detail for gap in town.events.told])
