"""Bytes that the reader's thread fetches itself: to PyAV, a file that can only be read."""

from abc import ABC, abstractmethod
from typing import Protocol

from recorder.demux.transport import Continuity


class Input(Protocol):
    """A connection that stands. The reader's thread owns it, and closes it."""

    @property
    def container(self) -> str | None:
        """FFmpeg's name of the format, where the camera told it."""
        ...

    @property
    def delay_us(self) -> int:
        """For how long the input itself holds back what it gives."""
        ...

    def read(self, size: int) -> bytes:
        """At most so many bytes as soon as some are there; none at the end.

        Raises:
            TimeoutError: nothing came for as long as `wait_at_most` says.
            CameraUnreachable: the connection broke; see the cause.
        """
        ...

    def missing(self, pid: int) -> int | None:
        """How many packets of this PID were lost since it was last asked; None where the input does not count."""
        ...

    def wait_at_most(self, seconds: float) -> None:
        """How long `read` waits for bytes."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Datagrams(ABC):
    """An input whose bytes come in messages, each whole or not at all: MPEG-TS, which counts what is missing."""

    container = "mpegts"
    delay_us = 0

    def __init__(self) -> None:
        self._rest = b""
        self._continuity = Continuity()

    @abstractmethod
    def receive(self) -> bytes:
        """The next message; see `Input.read` for what it raises."""

    def read(self, size: int) -> bytes:
        """What came, as `Input` has it."""
        data = self._rest
        if not data:
            data = self.receive()
            self._continuity.look(data)
        self._rest = data[size:]
        return data[:size]

    def missing(self, pid: int) -> int | None:
        """What the continuity counters say."""
        return self._continuity.missing(pid)
