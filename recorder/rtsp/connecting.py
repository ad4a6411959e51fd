"""One TCP connection to a camera: the kernel's options, the encryption, and in a word why it failed."""

import asyncio
import socket
import ssl
from typing import Final

from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.trust import Peer, Trust

OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000),
)
"""tcp(7): a camera that lost its power is told within 25 s, and one that takes no request within 20 s (in ms), even
where no picture is due."""


async def connect(peer: Peer, protocol: asyncio.BaseProtocol, trust: Trust) -> asyncio.Transport:
    """Connect the protocol to the camera; whether a pinned one is admitted is the caller's to ask of `trust`.

    Raises:
        CameraUnreachable: causes `refused`, `untrusted`, `tls`, `unreachable`, `timeout`.
    """
    loop = asyncio.get_running_loop()
    context = await trust.context(peer)
    try:
        transport, _ = await loop.create_connection(lambda: protocol, peer.host, peer.port, ssl=context)
    except ConnectionRefusedError:
        raise CameraUnreachable(Cause.REFUSED) from None
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message or error.reason
        raise CameraUnreachable(Cause.UNTRUSTED, setting="camera_tls.ca_file", why=why) from None
    except ssl.SSLError as error:
        raise CameraUnreachable(Cause.TLS, why=error.reason or type(error).__name__) from None
    except (socket.gaierror, UnicodeError):  # the latter for a name that IDNA has no form for
        raise CameraUnreachable(Cause.UNREACHABLE, why="name") from None
    except TimeoutError:
        raise CameraUnreachable(Cause.TIMEOUT) from None
    except OSError as error:
        raise CameraUnreachable(Cause.UNREACHABLE, errno=error.errno) from None
    if not transport.is_closing():
        endpoint = transport.get_extra_info("socket")
        for level, option, value in OPTIONS:
            endpoint.setsockopt(level, option, value)
    return transport
