"""The native source: RTSP with the pictures on the same TCP connection."""

import ssl
from functools import partial

from nvr.base.clock import Clock
from recorder.h264 import H264Depacketiser
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels
from recorder.rtsp.protocol import Feed, RtspProtocol
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.session import open_session
from recorder.rtsp.url import parse_url
from recorder.source import Begin


class RtspSource:
    """A camera behind an `rtsp` or `rtsps` URL."""

    def __init__(self, url: str, clock: Clock, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._clock = clock
        self._tls = tls

    async def open(self, credentials: Credentials | None, begin: Begin) -> RtspProtocol:
        """A session that plays.

        Raises:
            CameraUnreachable: see the cause; `garbage` for what is no such URL.
        """

        def feed(track: VideoTrack, channels: Channels) -> Feed:
            kind, sets = track.payload_type, track.parameter_sets
            return begin(partial(H264Depacketiser, channel=channels.rtp, payload_type=kind, parameter_sets=sets))

        return await open_session(parse_url(self._url), credentials, feed, clock=self._clock, tls=self._tls)
