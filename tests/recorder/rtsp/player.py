"""A session with a camera whose packets nobody keeps."""

import asyncio

from nvr.base.clock import SystemClock
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels
from recorder.rtsp.framing import Feed
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.rounds import Rounds
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
    url: str, credentials: Credentials | None = None, trust: Trust | None = None, rounds: Rounds | None = None
) -> tuple[RtspProtocol, Sink]:
    sink = Sink()

    def begin(_track: VideoTrack, _channels: Channels) -> Feed:
        return sink

    session = await open_session(
        parse_url(url), credentials, begin, clock=SystemClock(), trust=trust or Trust(), rounds=rounds
    )
    return session, sink
