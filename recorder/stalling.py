"""Whether a session brings what it is for: pictures that can be recorded, and their bytes on a disk. Pure.

The limits and their reasons are those of docs/design/ingest.md, "Supervision".
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable, Cause
from recorder.status import ShardSettings
from recorder.writing import Writing

QUIET_US: Final = US_PER_SECOND
"""Beyond two frame intervals and this without a picture, none is expected to be written."""
STANDSTILL_US: Final = 3 * US_PER_SECOND
"""Between two looks, which are half a second apart: longer, and it was this machine that stood still."""


class Progress(Enum):
    """What a look at a session shows."""

    UNDECIDED = auto()
    """No picture that can be recorded is due, or has come."""
    RECORDED = auto()
    SILENT = auto()
    """Pictures are due and do not come."""
    NOT_WRITTEN = auto()
    """They come, and do not reach a disk."""


class Pictures(Protocol):
    """What came of one session; see recorder.run."""

    @property
    def last_unit_mono_us(self) -> MonoUs | None:
        """When the last picture came, be it recorded or not."""
        ...

    @property
    def step_us(self) -> int:
        """The interval between the last two pictures."""
        ...

    @property
    def awaits_random_access(self) -> bool:
        """Whether no picture has come yet with which a recording can begin."""
        ...


class StallWatch:
    """Judges the sessions of one camera, one after the other: `begin` with each, `look` while it plays.

    `tick` is to be called about twice a second, be there a session or not; `written` gives the camera's bytes on a
    volume.
    """

    def __init__(self, settings: ShardSettings, written: Callable[[], int]) -> None:
        self._settings = settings
        self._writing = Writing(written)
        self._ticked_mono_us: MonoUs | None = None
        self._resumed_mono_us = MonoUs(0)

    def begin(self) -> None:
        """A session begins: nothing of it is due on a disk yet."""
        self._writing.pause()

    def tick(self, now_mono_us: MonoUs) -> None:
        """Notice when this machine itself stood still (a paused virtual machine, a disk that swaps).

        That time does not count as silence: what came meanwhile waits in the kernel, and a city's sessions must not
        end for it.
        """
        before_mono_us, self._ticked_mono_us = self._ticked_mono_us, now_mono_us
        if before_mono_us is not None and now_mono_us - before_mono_us > STANDSTILL_US:
            self._resumed_mono_us = now_mono_us
            self._writing.pause()

    def look(self, pictures: Pictures, played_mono_us: MonoUs, now_mono_us: MonoUs) -> Progress:
        """Judge by pictures, not by bytes: a camera that only keeps its session alive is silent.

        Raises:
            CameraUnreachable: cause `stalled`: the session is to be given up.
        """
        settings = self._settings
        newest_mono_us = max(pictures.last_unit_mono_us or played_mono_us, self._resumed_mono_us)
        silent_us = now_mono_us - newest_mono_us
        is_due = silent_us <= QUIET_US + 2 * pictures.step_us
        if not is_due:
            self._writing.pause()
        waited_us = now_mono_us - played_mono_us
        if silent_us > settings.stall_s * US_PER_SECOND:
            raise CameraUnreachable(Cause.STALLED)
        if pictures.awaits_random_access and waited_us > settings.random_access_wait_s * US_PER_SECOND:
            raise CameraUnreachable(Cause.STALLED, why="no random access point")
        if silent_us > settings.quiet_s * US_PER_SECOND + 2 * pictures.step_us:
            return Progress.SILENT
        if not is_due or pictures.awaits_random_access:
            return Progress.UNDECIDED
        late = self._writing.is_late(now_mono_us, pictures.step_us)
        return Progress.NOT_WRITTEN if late else Progress.RECORDED
