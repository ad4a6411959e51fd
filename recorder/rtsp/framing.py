"""Bytes of a connection to interleaved frames (RFC 2326 section 10.12) and messages, walked where they lie. Pure.

The frames of the video go to the feed, its reports too, messages to the listener; of other channels nothing is kept.
"""

from collections.abc import Callable
from typing import Final, Protocol

from nvr.base.units import MonoUs
from recorder.errors import CameraUnreachable, garbage
from recorder.rtsp.client import Channels, Phase, RtspClient
from recorder.rtsp.messages import Request, Response, parse
from recorder.rtsp.rtcp import is_control, says_goodbye, sender_report
from recorder.rtsp.sdp import VideoTrack

MAX_RESYNCS: Final = 20
"""Per session; a camera that loses its framing more often is better connected anew."""

_DOLLAR: Final = 0x24
_FRAME_HEAD: Final = 4
_RTP_VERSION: Final = 2
"""Of RTCP as well (RFC 3550 sections 5.1 and 6.4.1)."""


class Depacketiser(Protocol):
    """Who takes RTP packets where they lie; see recorder.h264."""

    def walk(self, buffer: bytearray, view: memoryview, at: int, end: int) -> int:
        """Take whole interleaved frames of the video channel; where the first other byte stands."""
        ...

    def packet(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> None:
        """Take one RTP packet."""
        ...

    def interrupted(self) -> None:
        """The framing was lost: what is being joined may hold foreign bytes."""
        ...


class Feed(Protocol):
    """Who takes what one session receives; see recorder.run."""

    @property
    def depacketiser(self) -> Depacketiser:
        """Takes the packets of the video channel."""
        ...

    def reading(self, now_mono_us: MonoUs) -> None:
        """Bytes have arrived at this instant; their packets follow."""
        ...

    def read(self) -> None:
        """Those packets are told."""
        ...

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        """A sender report of the video track."""
        ...


class Listener(Protocol):
    """Who is told what a session receives beside the media; see recorder.rtsp.signalling."""

    def heard(self, message: Response | Request) -> None:
        """A message of the camera."""
        ...

    def goodbye(self) -> None:
        """The camera says that the stream ends (RTCP BYE)."""
        ...


class Framing:
    """Parts what one session receives; all of it lies in `buffer`, which others may fill between two calls of `take`.

    `begin` makes the feed as soon as `client` knows the track and its channels, and once more where the video comes
    on another channel.
    """

    def __init__(
        self,
        buffer: bytearray,
        client: RtspClient,
        begin: Callable[[VideoTrack, Channels], Feed],
        listener: Listener,
    ) -> None:
        self.channels = Channels(rtp=0, rtcp=1)
        """Those of the video, once it is set up."""
        self.resyncs = 0
        """How often the framing was lost."""
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._client = client
        self._begin = begin
        self._listener = listener
        self._feed: Feed | None = None
        self._read_mono_us = MonoUs(0)
        self._early: set[int] = set()
        self._follows = True

    def take(self, end: int, now_mono_us: MonoUs) -> int:
        """Take whole frames and messages of the buffer's first `end` bytes, which have arrived at this instant.

        Where the first incomplete one stands: from there the bytes belong in front of those that come next.

        Raises:
            CameraUnreachable: cause `garbage`, or what the listener and the feed raise.
            Redirected: the listener was told that the stream is elsewhere.
        """
        feed, self._read_mono_us = self._feed, now_mono_us
        if feed is not None:
            feed.reading(now_mono_us)
        at = self._consume(end)
        if feed is not None:
            feed.read()
        return at

    def _consume(self, end: int) -> int:
        buffer, view = self._buffer, self._view
        at = 0
        while at < end:
            if self._feed is not None:
                if self._follows and buffer[at] == _DOLLAR:
                    self._follows = not self._is_video(at + _FRAME_HEAD, end, self.channels.rtp)
                at = self._feed.depacketiser.walk(buffer, view, at, end)
                if at == end:
                    break
            taken = self._frame(at, end) if buffer[at] == _DOLLAR else self._message(at, end)
            if taken is None:
                break
            at = taken
        return at

    def _frame(self, at: int, end: int) -> int | None:
        """An interleaved frame that the walk left: another channel, or too short for it."""
        buffer = self._buffer
        if end - at < _FRAME_HEAD:
            return None
        stop = at + _FRAME_HEAD + (buffer[at + 2] << 8 | buffer[at + 3])
        if stop > end:
            return None
        channel, begin = buffer[at + 1], at + _FRAME_HEAD
        if self._feed is None:
            self._early.add(channel)
            self._client.early_data(channel)
        elif self._may_follow(channel) and self._is_video(begin, stop, channel):
            self._follow(channel, begin, stop)
        elif channel == self.channels.rtcp or (channel == self.channels.rtp and self._is_control(begin, stop)):
            self._control(self._feed, begin, stop)
        elif channel == self.channels.rtp:
            self._feed.depacketiser.packet(buffer, self._view, begin, stop)
        elif begin == stop or buffer[begin] >> 6 != _RTP_VERSION:  # neither RTP nor RTCP, so no frame either
            return self._resynchronise(at, end)
        return stop

    def _message(self, at: int, end: int) -> int | None:
        try:
            message, behind = parse(self._buffer, at, end)
        except CameraUnreachable:
            if self._client.phase is not Phase.PLAYING:
                raise
            return self._resynchronise(at, end)
        if message is None:
            return behind if behind == end else None
        self._listener.heard(message)
        if self._feed is None and self._client.channels is not None:
            self._start(self._client.channels)
        return behind

    def _is_control(self, begin: int, stop: int) -> bool:
        track = self._client.track
        return track is not None and is_control(self._buffer, begin, stop, track.payload_type)

    def _control(self, feed: Feed, begin: int, stop: int) -> None:
        if report := sender_report(self._buffer, begin, stop):
            feed.sender_report(*report)
        if says_goodbye(self._buffer, begin, stop):
            self._listener.goodbye()

    def _may_follow(self, channel: int) -> bool:
        """Until the video came where it was said to come; never to where another session's packets came before."""
        return self._follows and channel != self.channels.rtp and channel not in self._early

    def _is_video(self, begin: int, stop: int, channel: int) -> bool:
        """Whether a frame of this channel begins like a packet of the track that was set up."""
        buffer, track = self._buffer, self._client.track
        return (
            track is not None
            and stop - begin > 1
            and buffer[begin - _FRAME_HEAD + 1] == channel
            and buffer[begin] >> 6 == _RTP_VERSION
            and buffer[begin + 1] & 0x7F == track.payload_type
        )

    def _follow(self, channel: int, begin: int, stop: int) -> None:
        """Take the video from the channel on which it does come, where the answer to SETUP named another one."""
        named = self.channels
        self._follows = False
        self._start(Channels(rtp=channel, rtcp=named.rtp if channel == named.rtcp else channel ^ 1))
        if self._feed is not None:
            self._feed.depacketiser.packet(self._buffer, self._view, begin, stop)

    def _start(self, channels: Channels) -> None:
        self.channels = channels
        if self._client.track is not None:
            self._feed = self._begin(self._client.track, channels)
            self._feed.reading(self._read_mono_us)

    def _resynchronise(self, at: int, end: int) -> int:
        """Where the next frame of the video channel seems to begin; the bytes up to it are lost."""
        self.resyncs += 1
        if self.resyncs > MAX_RESYNCS or self._feed is None:
            raise garbage("framing")
        self._feed.depacketiser.interrupted()
        buffer, begin = self._buffer, bytes((_DOLLAR, self.channels.rtp))
        found = buffer.find(begin, at + 1, end)
        while 0 <= found < end - _FRAME_HEAD and buffer[found + _FRAME_HEAD] >> 6 != _RTP_VERSION:
            found = buffer.find(begin, found + 1, end)
        return found if found >= 0 else end
