import asyncio
import hashlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from nvr.sim.server import HOST, Simulator
from recorder.errors import CameraUnreachable
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import parse_url
from tests.recorder.certificates import certificate
from tests.recorder.city import SMALL
from tests.recorder.rtsp.player import play

GUARDED = replace(SMALL, auth="basic", user="ville", password="s3cret!")
LOGIN = Credentials("ville", "s3cret!")


def _server(folder: Path) -> tuple[ssl.SSLContext, str]:
    """How a camera shows its certificate, and the certificate's fingerprint."""
    path = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    shown = path.read_text()
    der = ssl.PEM_cert_to_DER_cert(shown[shown.index("-----BEGIN CERTIFICATE") :])
    return context, hashlib.sha256(der).hexdigest()


def test_camera_with_the_pinned_certificate_plays_on_the_loop_of_the_roles(tmp_path: Path) -> None:
    server, fingerprint = _server(tmp_path)

    async def played() -> None:
        async with Simulator([GUARDED], tls=server) as sim:
            session, sink = await play(sim.url("cam1"), LOGIN, Trust(pins={HOST: fingerprint}))
            await sink.arrived.wait()
            session.close()

    uvloop.run(played())


async def test_camera_with_another_certificate_than_the_pinned_one_is_sent_nothing(tmp_path: Path) -> None:
    server, fingerprint = await asyncio.to_thread(_server, tmp_path)
    async with Simulator([GUARDED], tls=server) as sim:
        with pytest.raises(CameraUnreachable, match=r"untrusted, setting=camera_tls.pins") as caught:
            await play(sim.url("cam1"), LOGIN, Trust(pins={HOST: "0" * 64}))
        assert caught.value.fields["found"] == fingerprint
        assert not sim.requests("cam1")


async def test_pin_counts_even_where_an_authority_would_trust(tmp_path: Path) -> None:
    server, _ = await asyncio.to_thread(_server, tmp_path)
    authority = await asyncio.to_thread(ssl.create_default_context, cafile=str(tmp_path / "camera.pem"))
    async with Simulator([GUARDED], tls=server) as sim:
        with pytest.raises(CameraUnreachable, match="untrusted"):
            await play(sim.url("cam1"), LOGIN, Trust(authority, {HOST: "0" * 64}))


async def test_certificate_that_nobody_signed_names_the_setting(tmp_path: Path) -> None:
    server, _ = await asyncio.to_thread(_server, tmp_path)
    async with Simulator([GUARDED], tls=server) as sim:
        with pytest.raises(CameraUnreachable, match=r"untrusted, setting=camera_tls.ca_file, why=self.signed"):
            await play(sim.url("cam1"), LOGIN)


@pytest.mark.parametrize(
    ("url", "pins", "found"),
    [
        ("rtsps://Cam/", {"cam": "a"}, "a"),
        ("rtsps://cam/", {"cam:322": "a", "cam": "b"}, "a"),
        ("rtsps://cam:9/", {"cam:322": "a"}, None),
        ("rtsps://[2001:DB8::1]/", {"[2001:db8::1]": "a"}, "a"),
        ("rtsps://[2001:db8::1]:9/", {"[2001:db8::1]:9": "a"}, "a"),
    ],
)
def test_pin_is_that_of_the_port_or_of_the_host(url: str, pins: dict[str, str], found: str | None) -> None:
    assert Trust(pins=pins)._pin(parse_url(url)) == found


async def test_camera_in_clear_is_neither_encrypted_nor_looked_at() -> None:
    trust, url = Trust(pins={"cam": "a"}), parse_url("rtsp://cam/")
    assert await trust.context(url) is None
    trust.admit(url, None)
