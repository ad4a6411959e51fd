import errno
import socket

import pytest

from nvr.base.clock import SimClock
from nvr.sim.server import HOST, Simulator
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp import connecting
from recorder.rtsp.client import RtspClient
from recorder.rtsp.connecting import OPTIONS, connect
from recorder.rtsp.framing import Feed
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import parse_url
from tests.recorder.city import SMALL
from tests.recorder.rtsp.player import play


def _protocol(url: str) -> RtspProtocol:
    def begin(_track: object, _channels: object) -> Feed:
        raise AssertionError

    return RtspProtocol(RtspClient(parse_url(url), None), SimClock(), begin)


async def test_kernel_is_told_to_look_after_a_camera_that_is_silent() -> None:
    async with Simulator([SMALL]) as sim:
        sim.faults("cam1").answer_nothing()
        protocol = _protocol(sim.url("cam1"))
        await connect(parse_url(sim.url("cam1")), protocol, Trust())
        assert protocol._transport is not None
        endpoint = protocol._transport.get_extra_info("socket")
        assert [endpoint.getsockopt(level, option) for level, option, _ in OPTIONS] == [each[2] for each in OPTIONS]
        protocol.close()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("rtsp://[2001:db8::1]:5554/x", "2001:db8::1", 5554), ("rtsp://[fe80::1%25eth0]/x", "fe80::1%eth0", 554)],
)
async def test_address_of_the_sixth_version_is_connected_without_its_brackets(
    url: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    async def ask(*address: object) -> None:
        asked.extend(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(connecting, "connected_socket", ask)
    with pytest.raises(CameraUnreachable):
        await connect(parse_url(url), _protocol(url), Trust())
    assert asked == [host, port]


async def test_camera_of_the_sixth_version_plays() -> None:
    async with Simulator([SMALL], host="::1") as sim:
        session, sink = await play(sim.url("cam1"))
        await sink.arrived.wait()
        session.close()
        assert sim.url("cam1").startswith("rtsp://[::1]:")


@pytest.mark.parametrize(
    ("raised", "cause"),
    [
        (ConnectionRefusedError(), Cause.REFUSED),
        (TimeoutError(), Cause.TIMEOUT),
        (OSError(errno.EHOSTUNREACH, "no route"), Cause.UNREACHABLE),
        (socket.gaierror(), Cause.UNREACHABLE),
        (UnicodeError(), Cause.UNREACHABLE),
    ],
)
async def test_each_failure_has_its_cause(raised: Exception, cause: Cause, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(connecting, "connected_socket", fail)
    url = f"rtsp://{HOST}/x"
    with pytest.raises(CameraUnreachable) as caught:
        await connect(parse_url(url), _protocol(url), Trust())
    assert caught.value.cause is cause
