"""What a camera's pictures come from, as the worker sees it (docs/design/sources.md).

A source opens sessions; a session feeds the run that it was given until it ends. The worker knows these protocols and
nothing of what lies behind them: `recorder.sources` decides.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from nvr.base.units import MonoUs
from recorder.depacketiser import UnitSink
from recorder.rtsp.auth import Credentials
from recorder.run import Depacketiser, Run
from storage.buffers import BufferPool

D = TypeVar("D", bound=Depacketiser)


class Begin(Protocol):
    """Called once per session, as soon as it is known what comes: makes the run that the session is to feed."""

    def __call__(self, depacketise: Callable[[UnitSink, BufferPool], D]) -> Run[D]:
        """A run whose units `depacketise` joins."""
        ...


class Session(Protocol):
    """One session that plays. The event loop owns it; `tick` is to be called about twice a second."""

    @property
    def bitrate_bps(self) -> int:
        """What comes, smoothed over some seconds."""
        ...

    async def ended(self) -> None:
        """Wait for the end of the session. Raises CameraUnreachable unless it was `close` that ended it."""
        ...

    def tick(self, now_mono_us: MonoUs) -> None:
        """Keep the session alive, and measure."""
        ...

    def fail(self, error: Exception) -> None:
        """End the session with this error; the first one counts."""
        ...

    def close(self) -> None:
        """End the session on our side: nothing reaches the run any more."""
        ...


class Source(Protocol):
    """Opens the sessions of one camera, one at a time."""

    async def open(self, credentials: Credentials | None, begin: Begin) -> Session:
        """A session that plays. Cancelled, it gives up what it began.

        Raises:
            CameraUnreachable: see the cause.
        """
        ...
