"""The second source: cameras that FFmpeg's demuxers can read (docs/design/sources.md)."""

import logging
from typing import Final

from nvr.base.clock import Clock
from recorder.demux.opening import opening_of
from recorder.demux.reader import Reader
from recorder.demux.session import DemuxSession
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from recorder.source import Begin

MOST_ABANDONED: Final = 3
"""Threads of one camera that FFmpeg has not given back; with so many, no other one is begun."""

_log: Final = logging.getLogger(__name__)


class Abandoned:
    """Readers of one camera whose threads were told to end and have not yet. The event loop owns it."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []

    def readers(self) -> list[Reader]:
        """Those as of now."""
        self._readers = [reader for reader in self._readers if not reader.over]
        return self._readers

    def add(self, reader: Reader) -> None:
        """Leave this one to itself."""
        self._readers.append(reader)
        _log.warning("a camera's reader hangs and is left to itself: %d of them", len(self._readers))


class DemuxSource:
    """A camera that is read by a thread of its own. The event loop owns it; `abandoned` may outlive it."""

    def __init__(
        self, url: str, clock: Clock, trust: Trust, *, open_timeout_s: float, abandoned: Abandoned | None = None
    ) -> None:
        self._url = url
        self._trust = trust
        self._clock = clock
        self._open_timeout_s = open_timeout_s
        self._abandoned = abandoned or Abandoned()

    @property
    def abandoned(self) -> int:
        """How many threads were told to end and have not yet."""
        return len(self._abandoned.readers())

    async def open(self, credentials: Credentials | None, begin: Begin) -> DemuxSession:
        """A session that plays. Cancelled, it leaves its thread to end by itself, and counts it.

        Raises:
            CameraUnreachable: see the cause; `timeout` with `abandoned` when too many threads hang already.
        """
        if (hanging := self.abandoned) >= MOST_ABANDONED:
            raise CameraUnreachable(Cause.TIMEOUT, abandoned=hanging)
        session = DemuxSession(
            opening_of(self._url, credentials, self._trust),
            begin,
            self._clock,
            self._abandoned.add,
            open_timeout_s=self._open_timeout_s,
        )
        await session.played()
        return session
