"""What is said in one session beside the media: answers, keep-alives, goodbyes, and what it means when none come."""

import secrets
from collections.abc import Callable
from typing import Final

from nvr.base.clock import Clock
from nvr.base.units import MonoUs
from recorder.errors import CameraUnreachable, Cause
from recorder.meter import Meter
from recorder.rtsp.client import Phase, RtspClient
from recorder.rtsp.messages import Request, Response, answer
from recorder.rtsp.rtcp import receiver_report

UNCOUNTED_PERCENT: Final = (90, 150)
"""Of the session's time-out: when a camera ends the session that counts no keep-alive, since many look now and then."""
GOODBYE_BYTES: Final = 4096
"""What may still come behind a goodbye: an answer that was under way."""
QUIET_TICKS: Final = 2
"""After a goodbye: what was under way may come in the first."""


class Signalling:
    """The requests and answers of one session, both ways. The event loop owns it.

    `meter` counts what comes, `send` takes what is to be sent, and `plays` is called when the camera begins to play.
    """

    def __init__(
        self,
        client: RtspClient,
        clock: Clock,
        meter: Meter,
        *,
        send: Callable[[bytes], None],
        plays: Callable[[MonoUs], None],
    ) -> None:
        self.endured_us = 0
        """So long a camera may neither answer a keep-alive nor send anything."""
        self._client = client
        self._clock = clock
        self._meter = meter
        self._send = send
        self._plays = plays
        self._played_mono_us: MonoUs | None = None
        self._keep_alive_due_us = 0
        self._asked_bytes = -1
        self._asked_mono_us = 0
        self._goodbye_bytes: int | None = None
        self._ssrc = secrets.randbits(32)

    def heard(self, message: Response | Request) -> None:
        """Take a message of the camera, and send what follows from it.

        Raises:
            CameraUnreachable: the session can not be had, or go on; see the cause.
            Redirected: the stream is elsewhere.
        """
        if isinstance(message, Request):
            self._refuse(message)
            return
        client = self._client
        self._send(client.receive(message))
        if client.phase is Phase.PLAYING and self._played_mono_us is None:
            self._played_mono_us = now_mono_us = self._clock.mono_us()
            self._keep_alive_due_us = now_mono_us + client.keep_alive_us
            self._plays(now_mono_us)

    def goodbye(self) -> None:
        """The camera says that the stream ends; whether it does, `tick` sees."""
        self._goodbye_bytes = self._meter.bytes_read

    def tick(self, now_mono_us: MonoUs, report_channel: int) -> None:
        """Keep a session alive that plays, and see what it is worth; the meter has ticked before.

        Raises:
            CameraUnreachable: the camera is gone.
        """
        self._keep_alive(now_mono_us, report_channel)
        self._leave()

    def closed(self) -> CameraUnreachable:
        """What it means that the camera closed the connection now."""
        if self._client.phase is Phase.PLAYING and self._is_for_the_keep_alive():
            return CameraUnreachable(Cause.CLOSED, keep_alive=self._client.keep_alive_method)
        return CameraUnreachable(Cause.CLOSED)

    def _refuse(self, asked: Request) -> None:
        """Cameras may ask whether we live, or send us elsewhere; all else is not for a player (RFC 2326 section 10)."""
        if asked.method == "REDIRECT":
            self._send(answer(asked, 200, "OK"))
            raise self._client.redirection(asked.headers)
        alive = asked.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")
        self._send(answer(asked, 200, "OK") if alive else answer(asked, 501, "Not Implemented"))

    def _keep_alive(self, now_mono_us: MonoUs, report_channel: int) -> None:
        """Some cameras never answer while they play; one that sends nothing either is gone, and TCP has not told."""
        if now_mono_us < self._keep_alive_due_us:
            return
        client, bytes_read = self._client, self._meter.bytes_read
        if not client.awaits_answer or bytes_read != self._asked_bytes:
            self._asked_bytes, self._asked_mono_us = bytes_read, now_mono_us
        elif now_mono_us - self._asked_mono_us >= self.endured_us:
            raise CameraUnreachable(Cause.TIMEOUT, what="keep-alive")
        self._keep_alive_due_us = now_mono_us + client.keep_alive_us
        self._send(client.keep_alive())
        if client.wants_reports:
            self._send(receiver_report(report_channel, self._ssrc))

    def _leave(self) -> None:
        """A camera that said goodbye and fell silent is gone; one that sends on has only begun a stream anew."""
        said, meter = self._goodbye_bytes, self._meter
        if said is not None and meter.quiet_ticks >= QUIET_TICKS and meter.bytes_read - said < GOODBYE_BYTES:
            raise CameraUnreachable(Cause.CLOSED, what="bye")

    def _is_for_the_keep_alive(self) -> bool:
        """Whether it seems to be why the camera closed: instead of an answer, or at the time-out, as if none came."""
        played_us = self._clock.mono_us() - (self._played_mono_us or 0)
        from_us, to_us = (self._client.timeout_us * percent // 100 for percent in UNCOUNTED_PERCENT)
        return self._client.awaits_answer or from_us <= played_us <= to_us
