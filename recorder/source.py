"""What a camera's pictures come from, as the worker sees it (docs/design/sources.md).

A source opens sessions; a session feeds the intake that it was given until it ends: a run, or a measurement. Who opens
them knows these protocols and nothing of what lies behind them: `recorder.sources` decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nvr.base.units import MonoUs
from recorder.depacketiser import UnitSink
from recorder.rtsp.auth import Credentials
from recorder.run import D_co, Depacketiser
from storage.buffers import BufferPool
from storage.records import GapCause

D = TypeVar("D", bound=Depacketiser)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a session can tell beside its pictures."""

    sound: bool | None
    """Whether the camera offers sound, which is never taken; None where nothing says so."""
    counts_lost: bool
    """Whether packets that the network lost are counted."""
    tells_time: bool
    """Whether the camera can tell its own clock: by sender reports."""


class Intake(Protocol[D_co]):
    """Takes what one session receives. For each read: `reading`, any number of units by the depacketiser, `read`."""

    @property
    def depacketiser(self) -> D_co:
        """Joins the units, and tells them to the intake."""
        ...

    def reading(self, now_mono_us: MonoUs, held_us: int = 0) -> None:
        """Bytes have arrived at this instant; their units follow. They were held back for so long on our side."""
        ...

    def read(self) -> None:
        """The units of this read are told."""
        ...

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        """The camera says which of its own instants (Unix microseconds) a time stamp stands for."""
        ...

    def missed(self, cause: GapCause) -> None:
        """Units are missing before the next one: they were given up on our side."""
        ...


class Begin(Protocol):
    """Called once per session, as soon as it is known what comes: makes the intake that the session is to feed.

    Over RTSP it is called once more where the pictures turn out to come on another channel than the camera named.
    """

    def __call__(self, depacketise: Callable[[UnitSink, BufferPool], D], traits: Traits, /) -> Intake[D]:
        """An intake whose units `depacketise` joins."""
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
        """End the session on our side: nothing reaches the intake any more."""
        ...


class Source(Protocol):
    """Opens the sessions of one camera, one at a time."""

    async def open(self, credentials: Credentials | None, begin: Begin) -> Session:
        """A session that plays. Cancelled, it gives up what it began.

        Raises:
            CameraUnreachable: see the cause.
        """
        ...
