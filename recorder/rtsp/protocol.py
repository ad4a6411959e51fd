"""The connection of one session: bytes of the socket to packets, in place, and the session's requests in between.

One buffer takes what the kernel has; the interleaved frames in it (RFC 2326 section 10.12) are walked where they lie,
and only a frame that is not whole yet is moved: out of the buffer, and back to its beginning before the next read.
"""

import asyncio
import os
import secrets
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol, cast

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.meter import Meter
from recorder.rtsp.client import Channels, Phase, RtspClient
from recorder.rtsp.messages import Request, Response, answer, parse
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.rtcp import is_control, receiver_report, says_goodbye, sender_report
from recorder.rtsp.sdp import VideoTrack

BUFFER_BYTES: Final = 128 * 1024
"""Holds the longest message (80 KiB) or interleaved frame (64 KiB), and room for what follows."""
MAX_RESYNCS: Final = 20
"""Per session; a camera that loses its framing more often is better connected anew."""
MAX_UNSENT: Final = 16 * 1024
"""Bytes of requests and answers; a camera that reads nothing of what it is sent is given up."""
MAX_ROUND_BYTES: Final = 2 * 1024 * 1024
"""Taken of one camera in one round: 215 Mbit/s, more than any camera means to send."""
MAX_TICK_BYTES: Final = 16 * 1024 * 1024
"""Taken between two ticks of one that is not read in rounds: 268 Mbit/s."""
UNCOUNTED_PERCENT: Final = (90, 150)
"""Of the session's time-out: when a camera ends the session that counts no keep-alive, since many look now and then."""
GOODBYE_BYTES: Final = 4096
"""What may still come behind a goodbye: an answer that was under way."""
QUIET_TICKS: Final = 2
"""After a goodbye: what was under way may come in the first."""

_DOLLAR: Final = 0x24
_FRAME_HEAD: Final = 4
_RTP_VERSION: Final = 2
"""Of RTCP as well (RFC 3550 sections 5.1 and 6.4.1)."""


_BUFFER: Final = bytearray(BUFFER_BYTES)
"""One for all connections of the process, whose event loop fills and empties it within one turn: it stays in the
processor's cache, where a hundred of them would not. What a connection has not finished with, it keeps itself."""
_VIEW: Final = memoryview(_BUFFER)


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


class RtspProtocol(asyncio.BufferedProtocol):
    """One session over one connection. The event loop owns it.

    `played` returns once the camera plays, `ended` when the session is over; both raise what ended it. `tick` is to be
    called about twice a second.
    """

    def __init__(
        self,
        client: RtspClient,
        clock: Clock,
        begin: Callable[[VideoTrack, Channels], Feed],
        *,
        rounds: Rounds | None = None,
        admit: Callable[[ssl.SSLObject | None], None] = lambda _: None,
    ) -> None:
        self.resyncs = 0
        self._meter = Meter(clock.mono_us())
        self._client = client
        self._clock = clock
        self._begin = begin
        self._rounds = rounds
        self._admit = admit
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        """Of the connection, once it is read in rounds."""
        self._rest = b""
        self._paused = False
        self._feed: Feed | None = None
        self._channels = Channels(rtp=0, rtcp=1)
        self._early: set[int] = set()
        self._follows = True
        self._failure: Exception | None = None
        self._playing = asyncio.Event()
        self._over = asyncio.Event()
        self._played_mono_us = 0
        self._keep_alive_due_us = 0
        self._asked_bytes = -1
        self._goodbye_bytes: int | None = None
        self._ssrc = secrets.randbits(32)
        self._asked_mono_us = 0
        self._endured_us = 0
        self._clogged = False

    def endure(self, seconds: int) -> None:
        """The link is silent for so long at times: neither TCP nor a keep-alive without an answer ends it sooner.

        To be called once, while it plays.
        """
        self._endured_us = seconds * US_PER_SECOND
        if self._transport is not None and not self._transport.is_closing():
            endpoint = self._transport.get_extra_info("socket")
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)

    async def played(self) -> None:
        """Wait until the camera plays.

        Raises:
            CameraUnreachable: it never will; see the cause.
            Redirected: the stream is elsewhere.
        """
        await self._playing.wait()
        if self._failure is not None:
            raise self._failure

    async def ended(self) -> None:
        """Wait for the end of the session. Raises CameraUnreachable unless it was `close` that ended it."""
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def bytes_read(self) -> int:
        """What came since the connection was made."""
        return self._meter.bytes_read

    @property
    def bitrate_bps(self) -> int:
        """What comes while it plays, smoothed over some seconds."""
        return self._meter.bitrate_bps

    @property
    def failure(self) -> Exception | None:
        """What ended the session; None while it goes on, and when `close` ended it."""
        return self._failure

    def fail(self, error: Exception) -> None:
        """End the session with this error; the first one counts."""
        if self._over.is_set():
            return
        self._failure = error
        self._finish()

    def close(self) -> None:
        """End the session on our side."""
        self._finish()

    def tick(self, now_mono_us: MonoUs) -> None:
        """Keep the session alive, and see what it is worth."""
        transport = self._transport
        if transport is None or self._over.is_set() or self._client.phase is not Phase.PLAYING:
            return
        if self._paused and not transport.is_closing():
            self._paused = False
            transport.resume_reading()
        self._clogged = transport.get_write_buffer_size() > 0
        self._keep_alive(now_mono_us)
        self._meter.tick(now_mono_us)
        self._leave()

    def _keep_alive(self, now_mono_us: MonoUs) -> None:
        """Some cameras never answer while they play; one that sends nothing either is gone, and TCP has not told."""
        if now_mono_us < self._keep_alive_due_us:
            return
        if not self._client.awaits_answer or self.bytes_read != self._asked_bytes:
            self._asked_bytes, self._asked_mono_us = self.bytes_read, now_mono_us
        elif now_mono_us - self._asked_mono_us >= self._endured_us:
            self.fail(CameraUnreachable(Cause.TIMEOUT, what="keep-alive"))
            return
        self._keep_alive_due_us = now_mono_us + self._client.keep_alive_us
        self._send(self._client.keep_alive())
        if self._client.wants_reports:
            self._send(receiver_report(self._channels.rtcp, self._ssrc))

    def _leave(self) -> None:
        """A camera that said goodbye and fell silent is gone; one that sends on has only begun a stream anew."""
        said = self._goodbye_bytes
        if said is not None and self._meter.quiet_ticks >= QUIET_TICKS and self.bytes_read - said < GOODBYE_BYTES:
            self.fail(CameraUnreachable(Cause.CLOSED, what="bye"))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request, unless the other side is not whom we trust: `admit` raises what ends the session."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not inherit from asyncio's
        try:
            self._admit(transport.get_extra_info("ssl_object"))
            self._send(self._client.begin())
        except Exception as error:  # noqa: BLE001 -- as in `buffer_updated`
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The camera is gone; what TCP gave up by itself was not closed."""
        if isinstance(exc, TimeoutError):
            self.fail(CameraUnreachable(Cause.TIMEOUT))
        elif self._client.phase is Phase.PLAYING and self._is_for_the_keep_alive():
            self.fail(CameraUnreachable(Cause.CLOSED, keep_alive=self._client.keep_alive_method))
        else:
            self.fail(CameraUnreachable(Cause.CLOSED))

    def _is_for_the_keep_alive(self) -> bool:
        """Whether it seems to be why the camera closed: instead of an answer, or at the time-out, as if none came."""
        played_us = self._clock.mono_us() - self._played_mono_us
        from_us, to_us = (self._client.timeout_us * percent // 100 for percent in UNCOUNTED_PERCENT)
        return self._client.awaits_answer or from_us <= played_us <= to_us

    def get_buffer(self, _sizehint: int) -> memoryview:
        """The buffer behind what was left by the read before; never empty, since that is bounded."""
        rest = self._rest
        _VIEW[: len(rest)] = rest
        return _VIEW[len(rest) :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read. Whatever goes wrong is told to those who wait for the session."""
        if self._over.is_set():  # an encrypted connection that closes may still hand over what it had decrypted
            return
        self._meter.bytes_read += nbytes
        try:
            self._take(len(self._rest) + nbytes)
        except Exception as error:  # noqa: BLE001 -- not swallowed: `played` and `ended` raise it in the worker's task
            self.fail(error)
        if self._fd < 0 and self._meter.fresh_bytes > MAX_TICK_BYTES:
            self._pause()

    def read_waiting(self) -> None:
        """Take what waits in the kernel: what of a flood is left, TCP holds back for the next round."""
        taken, transport = 0, self._transport
        while transport is not None and not transport.is_closing() and taken < MAX_ROUND_BYTES:
            room = self.get_buffer(-1)
            try:
                size = os.readv(self._fd, [room])
            except BlockingIOError:
                return
            except OSError as error:
                self.connection_lost(error)
                return
            if not size:
                self.connection_lost(None)
                return
            self.buffer_updated(size)
            taken += size
            if size < len(room):
                return

    def _join(self, rounds: Rounds | None) -> None:
        """Be read in rounds from now on, past the transport, which writes and closes as before."""
        if rounds is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._fd = self._transport.get_extra_info("socket").fileno()
            rounds.join(self)

    def _pause(self) -> None:
        """Take no more before the next tick: what floods us, TCP holds back, and the other cameras have their turn."""
        if not self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _take(self, end: int) -> None:
        feed = self._feed
        if feed is not None:
            feed.reading(self._clock.mono_us())
        at = self._consume(end)
        if feed is not None:
            feed.read()
        self._rest = bytes(_VIEW[at:end])

    def _consume(self, end: int) -> int:
        """Take whole frames and messages from the buffer's beginning; where the first incomplete one stands."""
        buffer, view = _BUFFER, _VIEW
        at = 0
        while at < end and not self._over.is_set():
            if self._feed is not None:
                if self._follows and buffer[at] == _DOLLAR:
                    self._follows = not self._is_video(at + _FRAME_HEAD, end, self._channels.rtp)
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
        buffer = _BUFFER
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
        elif channel == self._channels.rtcp or (channel == self._channels.rtp and self._is_control(begin, stop)):
            self._control(self._feed, begin, stop)
        elif channel == self._channels.rtp:
            self._feed.depacketiser.packet(buffer, _VIEW, begin, stop)
        elif begin == stop or buffer[begin] >> 6 != _RTP_VERSION:  # neither RTP nor RTCP, so no frame either
            return self._resynchronise(at, end)
        return stop

    def _is_control(self, begin: int, stop: int) -> bool:
        track = self._client.track
        return track is not None and is_control(_BUFFER, begin, stop, track.payload_type)

    def _control(self, feed: Feed, begin: int, stop: int) -> None:
        if report := sender_report(_BUFFER, begin, stop):
            feed.sender_report(*report)
        if says_goodbye(_BUFFER, begin, stop):
            self._goodbye_bytes = self.bytes_read

    def _may_follow(self, channel: int) -> bool:
        """Until the video came where it was said to come; never to where another session's packets came before."""
        return self._follows and channel != self._channels.rtp and channel not in self._early

    def _is_video(self, begin: int, stop: int, channel: int) -> bool:
        """Whether a frame of this channel begins like a packet of the track that was set up."""
        buffer, track = _BUFFER, self._client.track
        return (
            track is not None
            and stop - begin > 1
            and buffer[begin - _FRAME_HEAD + 1] == channel
            and buffer[begin] >> 6 == _RTP_VERSION
            and buffer[begin + 1] & 0x7F == track.payload_type
        )

    def _follow(self, channel: int, begin: int, stop: int) -> None:
        """Take the video from the channel on which it does come, where the answer to SETUP named another one."""
        named = self._channels
        self._channels = Channels(rtp=channel, rtcp=named.rtp if channel == named.rtcp else channel ^ 1)
        self._follows = False
        self._start(self._channels)
        if self._feed is not None:
            self._feed.depacketiser.packet(_BUFFER, _VIEW, begin, stop)

    def _start(self, channels: Channels) -> None:
        if self._client.track is not None:
            self._feed = self._begin(self._client.track, channels)
            self._feed.reading(self._clock.mono_us())

    def _message(self, at: int, end: int) -> int | None:
        try:
            message, behind = parse(_BUFFER, at, end)
        except CameraUnreachable:
            if self._client.phase is not Phase.PLAYING:
                raise
            return self._resynchronise(at, end)
        if message is None:
            return behind if behind == end else None
        if isinstance(message, Request):
            self._refuse(message)
        else:
            self._answered(message)
        return behind

    def _answered(self, response: Response) -> None:
        following = self._client.receive(response)
        client = self._client
        if self._feed is None and client.channels is not None:
            self._channels = client.channels
            self._start(client.channels)
        self._send(following)
        if client.phase is Phase.PLAYING and not self._playing.is_set():
            now_mono_us = self._clock.mono_us()
            self._played_mono_us = now_mono_us
            self._keep_alive_due_us = now_mono_us + client.keep_alive_us
            self._meter = Meter(now_mono_us, self.bytes_read)
            self._playing.set()
            self._join(self._rounds)

    def _refuse(self, asked: Request) -> None:
        """Cameras may ask whether we live, or send us elsewhere; all else is not for a player (RFC 2326 section 10)."""
        if asked.method == "REDIRECT":
            self._send(answer(asked, 200, "OK"))
            raise self._client.redirection(asked.headers)
        alive = asked.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")
        self._send(answer(asked, 200, "OK") if alive else answer(asked, 501, "Not Implemented"))

    def _send(self, data: bytes) -> None:
        transport = self._transport
        if not data or transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_UNSENT:
            self._clogged = True
            self.fail(CameraUnreachable(Cause.TIMEOUT, what="requests"))

    def _resynchronise(self, at: int, end: int) -> int:
        """Where the next frame of the video channel seems to begin; the bytes up to it are lost."""
        self.resyncs += 1
        if self.resyncs > MAX_RESYNCS or self._feed is None:
            raise garbage("framing")
        self._feed.depacketiser.interrupted()
        begin = bytes((_DOLLAR, self._channels.rtp))
        found = _BUFFER.find(begin, at + 1, end)
        while 0 <= found < end - _FRAME_HEAD and _BUFFER[found + _FRAME_HEAD] >> 6 != _RTP_VERSION:
            found = _BUFFER.find(begin, found + 1, end)
        return found if found >= 0 else end

    def _finish(self) -> None:
        """Send TEARDOWN, since cameras have few sessions to give, and do not wait for the answer.

        Where the camera did not even take what was sent before the last tick, closing would wait for it without end.
        """
        self._playing.set()
        self._over.set()
        if self._rounds is not None:
            self._rounds.leave(self)
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._clogged:
            transport.abort()
        else:
            transport.write(self._client.teardown())
            transport.close()
