"""From an address to a camera that plays, or to the reason why not."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from nvr.base.clock import Clock
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels, RtspClient
from recorder.rtsp.connecting import connect
from recorder.rtsp.framing import Feed
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.replies import Redirected
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import RtspUrl

MAX_REDIRECTS: Final = 5


async def open_session(
    known: RtspUrl,
    credentials: Credentials | None,
    begin: Callable[[VideoTrack, Channels], Feed],
    *,
    clock: Clock,
    trust: Trust,
    rounds: Rounds | None = None,
    moved: RtspUrl | None = None,
    avoid_keep_alive: frozenset[str] = frozenset(),
) -> RtspProtocol:
    """A session that plays; redirects are followed. Cancelled, it leaves no connection behind.

    The password goes to the host that it was entered for, and to no other that a redirect names; nor in clear, where
    it was entered for an encrypted connection. What is not encrypted is read in `rounds` once it plays. `moved` is
    where the camera sent its last session, `avoid_keep_alive` what did not keep sessions before.

    Raises:
        CameraUnreachable: see the cause.
    """
    url = moved or known
    for _ in range(MAX_REDIRECTS + 1):
        may_know = url.host == known.host and url.tls >= known.tls
        client = RtspClient(url, credentials if may_know else None, avoid_keep_alive=avoid_keep_alive)
        in_rounds = None if url.tls else rounds
        protocol = RtspProtocol(client, clock, begin, rounds=in_rounds, admit=partial(trust.admit, url))
        await connect(url, protocol, trust)
        try:
            await protocol.played()
            return protocol
        except Redirected as redirected:
            url = redirected.url
        except asyncio.CancelledError:
            protocol.close()
            raise
    raise CameraUnreachable(Cause.REDIRECTED)
