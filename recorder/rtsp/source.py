"""The native source: RTSP with the pictures on the same TCP connection."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from recorder.codecs import depacketiser_of
from recorder.depacketiser import UnitSink
from recorder.errors import CameraUnreachable
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels
from recorder.rtsp.framing import Feed
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.replies import Redirected
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.session import open_session
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import parse_url
from recorder.source import Begin, Traits
from storage.buffers import BufferPool

_log: Final = logging.getLogger(__name__)


class RtspSource:
    """A camera behind an `rtsp` or `rtsps` URL. A session that a redirect ended is followed by one at its target.

    `endured_s`: its link is silent for so long at times.
    """

    def __init__(
        self,
        camera: CameraId,
        url: str,
        clock: Clock,
        trust: Trust,
        rounds: Rounds | None = None,
        *,
        endured_s: int | None = None,
    ) -> None:
        self._camera = camera
        self._url = url
        self._clock = clock
        self._trust = trust
        self._rounds = rounds
        self._endured_s = endured_s
        self._last: RtspProtocol | None = None
        self._avoid_keep_alive: set[str] = set()

    async def open(self, credentials: Credentials | None, begin: Begin) -> RtspProtocol:
        """A session that plays.

        Raises:
            CameraUnreachable: see the cause; `garbage` for what is no such URL.
        """

        def feed(track: VideoTrack, channels: Channels) -> Feed:
            if track.described > 1:
                _log.info("camera %s: takes video track %d of %d", self._camera, track.number, track.described)
            depacketise: Callable[[UnitSink, BufferPool], H264Depacketiser | H265Depacketiser] = partial(
                depacketiser_of(track.encoding),
                channel=channels.rtp,
                payload_type=track.payload_type,
                parameter_sets=track.parameter_sets,
            )
            return begin(depacketise, Traits(track.sound_offered, counts_lost=True, tells_time=True))

        last, self._last = self._last, None
        failure = None if last is None else last.failure
        self._learn(failure)
        self._last = await open_session(
            parse_url(self._url),
            credentials,
            feed,
            clock=self._clock,
            trust=self._trust,
            rounds=self._rounds,
            moved=failure.url if isinstance(failure, Redirected) else None,
            avoid_keep_alive=frozenset(self._avoid_keep_alive),
        )
        if self._endured_s is not None:
            self._last.endure(self._endured_s)
        return self._last

    def _learn(self, failure: Exception | None) -> None:
        """Note the keep-alive for which a session seems to have ended; when nothing helps, begin anew."""
        blamed = failure.fields.get("keep_alive") if isinstance(failure, CameraUnreachable) else None
        if blamed in self._avoid_keep_alive:
            self._avoid_keep_alive.clear()
        elif isinstance(blamed, str):
            self._avoid_keep_alive.add(blamed)
