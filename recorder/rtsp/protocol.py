"""The connection of one session: what the kernel has is read, handed on where it lies, and requests are written.

One buffer takes it for all connections; only what is not whole yet is moved: out of the buffer, and back to its
beginning before the next read.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final, cast

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable, Cause
from recorder.meter import Meter
from recorder.rtsp.client import Channels, Phase, RtspClient
from recorder.rtsp.framing import Feed, Framing
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.signalling import Signalling

BUFFER_BYTES: Final = 128 * 1024
"""Holds the longest message (80 KiB) or interleaved frame (64 KiB), and room for what follows."""
MAX_UNSENT: Final = 16 * 1024
"""Bytes of requests and answers; a camera that reads nothing of what it is sent is given up."""
MAX_ROUND_BYTES: Final = 2 * 1024 * 1024
"""Taken of one camera in one round: 215 Mbit/s, more than any camera means to send."""
MAX_TICK_BYTES: Final = 16 * 1024 * 1024
"""Taken between two ticks of one that is not read in rounds: 268 Mbit/s."""

_BUFFER: Final = bytearray(BUFFER_BYTES)
"""One for all connections of the process, whose event loop fills and empties it within one turn: it stays in the
processor's cache, where a hundred of them would not. What a connection has not finished with, it keeps itself."""
_VIEW: Final = memoryview(_BUFFER)


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
        self._client = client
        self._clock = clock
        self._rounds = rounds
        self._admit = admit
        self._meter = Meter(clock.mono_us())
        self._signalling = Signalling(client, clock, self._meter, send=self._send, plays=self._plays)
        self._framing = Framing(_BUFFER, client, begin, self._signalling)
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        """Of the connection, once it is read in rounds."""
        self._rest = b""
        self._paused = False
        self._clogged = False
        self._failure: Exception | None = None
        self._playing = asyncio.Event()
        self._over = asyncio.Event()

    def endure(self, seconds: int) -> None:
        """The link is silent for so long at times: neither TCP nor a keep-alive without an answer ends it sooner.

        To be called once, while it plays.
        """
        self._signalling.endured_us = seconds * US_PER_SECOND
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
        self._meter.tick(now_mono_us)
        try:
            self._signalling.tick(now_mono_us, self._framing.channels.rtcp)
        except CameraUnreachable as error:
            self.fail(error)

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
        else:
            self.fail(self._signalling.closed())

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
            end = len(self._rest) + nbytes
            at = self._framing.take(end, self._clock.mono_us())
            self._rest = bytes(_VIEW[at:end])
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

    def _plays(self, now_mono_us: MonoUs) -> None:
        """From now on be read in rounds, past the transport, which writes and closes as before."""
        self._meter.restart(now_mono_us)
        self._playing.set()
        if self._rounds is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._fd = self._transport.get_extra_info("socket").fileno()
            self._rounds.join(self)

    def _pause(self) -> None:
        """Take no more before the next tick: what floods us, TCP holds back, and the other cameras have their turn."""
        if not self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _send(self, data: bytes) -> None:
        """Raises CameraUnreachable: the camera reads nothing of what it is sent."""
        transport = self._transport
        if not data or transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_UNSENT:
            self._clogged = True
            raise CameraUnreachable(Cause.TIMEOUT, what="requests")

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
