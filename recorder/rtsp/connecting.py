"""One TCP connection to a camera: the kernel's options, the encryption, and in a word why it failed."""

import asyncio
import socket
import ssl
from typing import Final

from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import RtspUrl

OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000),
)
"""tcp(7): a camera that lost its power is told within 25 s, and one that takes no request within 20 s (in ms), even
where no picture is due."""


async def connect(url: RtspUrl, protocol: RtspProtocol, trust: Trust) -> None:
    """Connect the protocol to the camera.

    Raises:
        CameraUnreachable: causes `refused`, `untrusted`, `tls`, `unreachable`, `timeout`.
    """
    loop = asyncio.get_running_loop()
    context = await trust.context(url)
    try:
        transport, _ = await loop.create_connection(lambda: protocol, url.host, url.port, ssl=context)
    except (OSError, UnicodeError) as error:
        raise unreachable(error) from None
    if not transport.is_closing():
        endpoint = transport.get_extra_info("socket")
        for level, option, value in OPTIONS:
            endpoint.setsockopt(level, option, value)


def unreachable(error: OSError | UnicodeError) -> CameraUnreachable:
    """What keeps us from a camera, for an error of names, sockets or TLS; it says nothing of the address."""
    match error:
        case ConnectionRefusedError():
            return CameraUnreachable(Cause.REFUSED)
        case ssl.SSLCertVerificationError():
            why = error.verify_message or error.reason
            return CameraUnreachable(Cause.UNTRUSTED, setting="camera_tls.ca_file", why=why)
        case ssl.SSLError():
            return CameraUnreachable(Cause.TLS, why=error.reason or type(error).__name__)
        case socket.gaierror() | UnicodeError():  # the latter for a name that IDNA has no form for
            return CameraUnreachable(Cause.UNREACHABLE, why="name")
        case TimeoutError():
            return CameraUnreachable(Cause.TIMEOUT)
    return CameraUnreachable(Cause.UNREACHABLE, errno=error.errno)
