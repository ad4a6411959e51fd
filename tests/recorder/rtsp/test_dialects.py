"""Each way of speaking of docs/design/ingest-dialects.md that a simulated camera has: pictures come."""

from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND, MonoUs
from nvr.sim.camera import DigestAlgorithm, SimCamera
from nvr.sim.dialect import Dialect
from nvr.sim.server import HOST, Simulator
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.replies import Redirected
from tests.recorder.city import OTHER, SMALL
from tests.recorder.rtsp.player import play

PAGE = Path(__file__).resolve().parents[3] / "docs" / "design" / "ingest-dialects.md"
GUARDED = replace(SMALL, auth="digest", user="vi:le é", password="p%40:é/\\\"'#?&=@ ")
LOGIN = Credentials("vi:le é", "p%40:é/\\\"'#?&=@ ")

DIALECTS = {
    "no Public": Dialect(public=None),
    "OPTIONS not known": Dialect(refuses=frozenset({"OPTIONS"})),
    "no Content-Base": Dialect(content_base=None),
    "Content-Base without scheme": Dialect(content_base=f"{HOST}:554/{{path}}/"),
    "Content-Base without slash": Dialect(content_base="{uri}"),
    "absolute control": Dialect(control="{uri}/{track}"),
    "control with a slash before it": Dialect(control="/{track}"),
    "control with the whole path": Dialect(control="/cam1/{track}"),
    "another track before the video": Dialect(jpeg_first=True),
    "spaces in Transport": Dialect(transport="RTP/AVP/TCP ;unicast; interleaved = {channels} ;ssrc= d6d6627"),
    "Transport without channels": Dialect(transport="RTP/AVP/TCP;unicast"),
    "other channels than asked for": Dialect(transport="RTP/AVP/TCP;interleaved=8-9", sends_on=(8, 9)),
    "other channels than told": Dialect(transport="RTP/AVP/TCP;interleaved=8-9", sends_on=(0, 1)),
    "pictures and reports swapped": Dialect(sends_on=(1, 0)),
    "Session without time-out": Dialect(names_timeout=False),
    "RTP-Info of nonsense": Dialect(rtp_info="url=trackID=0;seq=0;rtptime=-1"),
    "no address for all tracks": Dialect(aggregate=False),
}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
async def test_pictures_come_whatever_the_dialect(dialect: Dialect) -> None:
    async with Simulator([replace(SMALL, dialect=dialect, audio=True)]) as sim:
        session, sink = await play(sim.url("cam1"))
        await sink.arrived.wait()
        session.close()
        set_up = [request.path[-1] for request in sim.requests("cam1") if request.method == "SETUP"]
    assert set_up == ["trackID=0"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"])
@pytest.mark.parametrize("dialect", [Dialect(), Dialect(guards_options=True), Dialect(next_nonce=True)])
async def test_password_of_odd_characters_opens_by_every_algorithm(
    algorithm: DigestAlgorithm, dialect: Dialect
) -> None:
    camera = replace(GUARDED, digest_algorithm=algorithm, qop_auth=True, dialect=dialect)
    async with Simulator([camera]) as sim:
        session, sink = await play(sim.url("cam1"), LOGIN)
        await sink.arrived.wait()
        sim.faults("cam1").expire_nonce()
        session.tick(MonoUs(SystemClock().mono_us() + 60 * US_PER_SECOND))
        await sim.wait_request("cam1", "GET_PARAMETER", 2)
        session.close()


@pytest.mark.parametrize("camera", [replace(GUARDED, auth="basic", user="ville"), replace(GUARDED, qop_auth=False)])
async def test_password_of_odd_characters_opens_by_the_old_ways(camera: SimCamera) -> None:
    async with Simulator([camera]) as sim:
        session, sink = await play(sim.url("cam1"), Credentials(camera.user, camera.password))
        await sink.arrived.wait()
        session.close()


async def test_best_of_several_algorithms_is_answered() -> None:
    camera = replace(GUARDED, digest_algorithm="SHA-256", digest_also=("MD5", "SHA-512-256", "MD5-sess"))
    async with Simulator([camera]) as sim:
        session, sink = await play(sim.url("cam1"), LOGIN)
        await sink.arrived.wait()
        session.close()
        assert [each.headers["authorization"].count("algorithm=SHA-256") for each in sim.requests("cam1")[2:]] == [
            1
        ] * 3


@pytest.mark.parametrize("refused", [{"GET_PARAMETER"}, {"GET_PARAMETER", "SET_PARAMETER"}])
async def test_keep_alive_takes_what_the_camera_does(refused: set[str]) -> None:
    dialect = Dialect(refuses=frozenset(refused))
    async with Simulator([replace(SMALL, dialect=dialect)]) as sim:
        session, sink = await play(sim.url("cam1"))
        await sink.arrived.wait()
        session.tick(MonoUs(SystemClock().mono_us() + 60 * US_PER_SECOND))
        taken = "OPTIONS" if "SET_PARAMETER" in refused else "SET_PARAMETER"
        await sim.wait_request("cam1", taken, 2 if taken == "OPTIONS" else 1)
        session.close()


@pytest.mark.parametrize("status", [453, 503])
async def test_camera_without_a_session_to_give_is_busy(status: int) -> None:
    async with Simulator([SMALL]) as sim:
        sim.faults("cam1").answer_busy(status)
        with pytest.raises(CameraUnreachable) as caught:
            await play(sim.url("cam1"))
    assert (caught.value.cause, caught.value.fields["status"]) == (Cause.BUSY, status)


async def test_camera_that_plays_sends_us_elsewhere() -> None:
    async with Simulator([SMALL, OTHER]) as sim:
        session, sink = await play(sim.url("cam1"))
        await sink.arrived.wait()
        sim.faults("cam1").ask_redirect(sim.url("cam2"))
        with pytest.raises(Redirected) as caught:
            await session.ended()
        assert caught.value.url.text == sim.url("cam2")
        await sim.wait_request("cam1", "TEARDOWN")


async def test_second_video_track_is_taken_where_it_is_asked_for() -> None:
    async with Simulator([replace(SMALL, dialect=Dialect(jpeg_first=True))]) as sim:
        session, sink = await play(f"{sim.url('cam1')}#video=2")
        await sink.arrived.wait()
        session.close()
        assert not any("#" in request.uri for request in sim.requests("cam1"))
        with pytest.raises(CameraUnreachable, match="unsupported-codec, offered=JPEG"):
            await play(f"{sim.url('cam1')}#video=1")


@pytest.mark.parametrize("name", DIALECTS)
def test_dialect_stands_in_the_table_of_the_design_page(name: str) -> None:
    assert f"| {name} |" in PAGE.read_text()
