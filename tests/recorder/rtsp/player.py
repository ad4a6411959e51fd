"""A session with a camera whose packets nobody keeps, and a camera's certificate."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nvr.base.clock import SystemClock
from nvr.sim.server import HOST
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels
from recorder.rtsp.protocol import Feed, RtspProtocol
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.session import open_session
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import parse_url


class Sink:
    """Takes packets and forgets them."""

    def __init__(self) -> None:
        self.bytes = 0
        self.arrived = asyncio.Event()

    @property
    def depacketiser(self) -> "Sink":
        return self

    def walk(self, _buffer: bytearray, _view: memoryview, at: int, _end: int) -> int:
        return at

    def packet(self, _buffer: bytearray, _view: memoryview, at: int, stop: int) -> None:
        self.bytes += stop - at
        self.arrived.set()

    def interrupted(self) -> None:
        raise AssertionError

    def reading(self, now_mono_us: int) -> None:
        pass

    def read(self) -> None:
        pass

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        pass


async def play(
    url: str, credentials: Credentials | None = None, trust: Trust | None = None
) -> tuple[RtspProtocol, Sink]:
    sink = Sink()

    def begin(_track: VideoTrack, _channels: Channels) -> Feed:
        return sink

    return await open_session(parse_url(url), credentials, begin, clock=SystemClock(), trust=trust or Trust()), sink


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "camera.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
