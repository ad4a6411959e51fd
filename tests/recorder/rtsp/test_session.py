import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND, MonoUs
from nvr.sim.server import HOST, Simulator
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp import session
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from tests.recorder.certificates import certificate
from tests.recorder.city import OTHER, SMALL
from tests.recorder.rtsp.player import play


async def _cause(url: str, trust: Trust | None = None) -> Cause:
    with pytest.raises(CameraUnreachable) as caught:
        await play(url, trust=trust)
    return caught.value.cause


async def test_host_that_refuses_and_name_that_nobody_knows_are_told_apart() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await _cause(f"rtsp://{HOST}:{port}/x") is Cause.REFUSED
    assert await _cause("rtsp://no-such-camera.invalid/x") is Cause.UNREACHABLE


@pytest.mark.parametrize("host", ["camera..town", "c" * 64 + ".town"])
async def test_name_that_no_resolver_can_be_asked_for_is_unreachable(host: str) -> None:
    assert await _cause(f"rtsp://{host}/x") is Cause.UNREACHABLE


async def test_camera_that_hangs_up_in_the_handshake_is_closed() -> None:
    async with Simulator([SMALL]) as sim:
        sim.faults("cam1").answer_nothing()
        opening = asyncio.create_task(play(sim.url("cam1")))
        await sim.wait_request("cam1", "OPTIONS")
        sim.faults("cam1").drop_connections()
        with pytest.raises(CameraUnreachable) as caught:
            await opening
    assert caught.value.cause is Cause.CLOSED


async def test_cancelled_attempt_leaves_no_connection() -> None:
    async with Simulator([SMALL]) as sim:
        sim.faults("cam1").answer_nothing()
        opening = asyncio.create_task(play(sim.url("cam1")))
        await sim.wait_request("cam1", "OPTIONS")
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not sim.faults("cam1")._connections


def test_session_on_the_loop_of_the_roles_ends_with_teardown() -> None:
    async def played() -> None:
        async with Simulator([SMALL]) as sim:
            opened, sink = await play(sim.url("cam1"))
            await sink.arrived.wait()
            opened.tick(MonoUs(SystemClock().mono_us() + 60 * US_PER_SECOND))
            opened.close()
            await sim.wait_request("cam1", "TEARDOWN")
            assert [request.method for request in sim.requests("cam1")][-2:] == ["GET_PARAMETER", "TEARDOWN"]

    uvloop.run(played())


async def test_redirect_is_followed_and_the_password_stays_with_its_host() -> None:
    camera = replace(OTHER, auth="basic", user="ville", password="s3cret!")
    async with Simulator([SMALL, camera]) as sim:
        sim.faults("cam1").answer_redirect(sim.url("cam2"))
        opened, sink = await play(sim.url("cam1"), Credentials("ville", "s3cret!"))
        await sink.arrived.wait()
        opened.close()
        sim.faults("cam1").answer_redirect(sim.url("cam2").replace(HOST, "localhost"))
        with pytest.raises(CameraUnreachable, match="unauthorized"):
            await play(sim.url("cam1"), Credentials("ville", "s3cret!"))


async def test_endless_redirects_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_REDIRECTS", 2)
    async with Simulator([SMALL]) as sim:
        sim.faults("cam1").answer_redirect(sim.url("cam1"))
        assert await _cause(sim.url("cam1")) is Cause.REDIRECTED
        assert [request.method for request in sim.requests("cam1")].count("DESCRIBE") == 3


async def test_password_of_an_encrypted_camera_is_not_given_in_clear(tmp_path: Path) -> None:
    path = await asyncio.to_thread(certificate, tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    trusting = Trust(ssl.create_default_context(cafile=str(path)))
    camera = replace(OTHER, auth="basic", user="ville", password="s3cret!")
    async with Simulator([SMALL], tls=server) as sim, Simulator([camera]) as plain:
        sim.faults("cam1").answer_redirect(plain.url("cam2"))
        with pytest.raises(CameraUnreachable, match="unauthorized"):
            await play(sim.url("cam1"), Credentials("ville", "s3cret!"), trust=trusting)
        assert not any("authorization" in request.headers for request in plain.requests("cam2"))


async def test_encrypted_camera_plays_when_trusted_and_is_named_so_when_not(tmp_path: Path) -> None:
    path = await asyncio.to_thread(certificate, tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    trusting = Trust(ssl.create_default_context(cafile=str(path)))
    async with Simulator([SMALL], tls=server) as sim:
        opened, sink = await play(sim.url("cam1"), trust=trusting)
        await sink.arrived.wait()
        opened.close()
        assert await _cause(sim.url("cam1")) is Cause.UNTRUSTED
