"""Connecting: from an address to a camera that plays, or to the reason why not."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from nvr.base.clock import Clock
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels, Redirected, RtspClient
from recorder.rtsp.protocol import Feed, RtspProtocol
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import RtspUrl

MAX_REDIRECTS: Final = 5


async def open_session(
    url: RtspUrl,
    credentials: Credentials | None,
    begin: Callable[[VideoTrack, Channels], Feed],
    *,
    clock: Clock,
    tls: ssl.SSLContext | None,
) -> RtspProtocol:
    """A session that plays; redirects are followed. Cancelled, it leaves no connection behind.

    The password goes to the host that it was entered for, and to no other that a redirect names; nor in clear, where
    it was entered for an encrypted connection.

    Raises:
        CameraUnreachable: see the cause.
    """
    known = url
    for _ in range(MAX_REDIRECTS + 1):
        may_know = url.host == known.host and url.tls >= known.tls
        client = RtspClient(url, credentials if may_know else None)
        protocol = await _connect(url, RtspProtocol(client, clock, begin, may_pace=not url.tls), tls)
        try:
            await protocol.played()
            return protocol
        except Redirected as redirected:
            url = redirected.url
        except asyncio.CancelledError:
            protocol.close()
            raise
    raise CameraUnreachable(Cause.REDIRECTED)


async def _connect(url: RtspUrl, protocol: RtspProtocol, tls: ssl.SSLContext | None) -> RtspProtocol:
    loop = asyncio.get_running_loop()
    context = (tls or await asyncio.to_thread(ssl.create_default_context)) if url.tls else None
    try:
        await loop.create_connection(lambda: protocol, url.host, url.port, ssl=context)
    except ConnectionRefusedError:
        raise CameraUnreachable(Cause.REFUSED) from None
    except ssl.SSLError as error:
        raise CameraUnreachable(Cause.TLS, why=error.reason or type(error).__name__) from None
    except (socket.gaierror, UnicodeError):  # the latter for a name that IDNA has no form for
        raise CameraUnreachable(Cause.UNREACHABLE, why="name") from None
    except TimeoutError:
        raise CameraUnreachable(Cause.TIMEOUT) from None
    except OSError as error:
        raise CameraUnreachable(Cause.UNREACHABLE, errno=error.errno) from None
    return protocol
