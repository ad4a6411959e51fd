import pytest

from recorder.errors import CameraUnreachable
from recorder.rtsp.replies import Redirected
from tests.recorder.rtp import frame, inter
from tests.recorder.rtsp.test_protocol import EXPECTED, Bench, ticks


def test_session_is_kept_alive_at_half_its_time_out() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 29.5)
    assert bench.methods == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    ticks(bench, 0.5)
    assert bench.methods[4:] == ["GET_PARAMETER"]
    ticks(bench, 30, lambda: bench.receive(bench.packets.packet(0, inter())))
    assert bench.methods[4:] == ["GET_PARAMETER", "GET_PARAMETER"]


async def test_camera_that_neither_answers_nor_sends_is_given_up() -> None:
    """Half-open: the camera lost its power, and nothing tells TCP."""
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures())
    ticks(bench, 30)
    assert bench.methods[4:] == ["GET_PARAMETER"]
    ticks(bench, 30)
    with pytest.raises(CameraUnreachable, match=r"timeout, what=keep-alive"):
        await bench.session.ended()


def test_camera_that_answers_no_keep_alive_but_plays_is_kept() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 65, lambda: bench.receive(frame(9, b"\x80" + bytes(50_000 - 5))))
    assert bench.methods[4:] == ["GET_PARAMETER", "GET_PARAMETER"]
    assert not bench.wire.closed


async def test_camera_that_redirects_a_keep_alive_plays_on() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 30)
    bench.receive(b"RTSP/1.0 302 Moved\r\nCSeq: 5\r\nLocation: rtsp://elsewhere/\r\n\r\n" + bench.pictures())
    assert not bench.wire.closed
    assert bench.stored() == EXPECTED


@pytest.mark.parametrize("playing", [False, True])
async def test_camera_that_asks_us_to_go_elsewhere_is_answered_and_left(*, playing: bool) -> None:
    bench = Bench()
    bench.receive(bench.setup() if playing else b"")
    bench.receive(b"REDIRECT rtsp://us RTSP/1.0\r\nCSeq: 5\r\nLocation: rtsp://other:8554/x\r\n\r\n")
    with pytest.raises(Redirected) as caught:
        await (bench.session.ended() if playing else bench.session.played())
    assert (caught.value.url.host, caught.value.url.port) == ("other", 8554)
    assert b"RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n" in bench.wire.written
    assert (bench.methods[-1] == "TEARDOWN") == playing
