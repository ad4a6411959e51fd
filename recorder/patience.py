"""What may be expected of a camera by its kind: how late its pictures may come, and when its silence is no fault. Pure.

The figures and their reasons are those of docs/design/nomadic.md.
"""

from dataclasses import replace
from typing import Final

from nvr.base.backoff import Backoff
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import Cause
from recorder.status import ShardSettings, State
from storage.snapshot import CameraEntry, CameraKind

AWAY: Final = frozenset({Cause.UNREACHABLE, Cause.REFUSED, Cause.TIMEOUT})
"""What it looks like when a camera is not there. One that answers anything is there, and what it answers is a fault."""

SLOW_CONNECT_S: Final = 30
"""Eight round trips of 600 ms, and a pause of the link."""
SLOW_QUIET_S: Final = 35.0
"""Links by radio pause for up to 30 s, and what was sent meanwhile comes afterwards: late, not missing."""
SLOW_STALL_S: Final = 60
"""A new session costs data, and everything that the old one had on its way."""
SLOW_WINDOW_S: Final = 600
"""Pictures that were not delayed are rare by radio; a crystal drifts 60 ms in it at 100 ppm."""


def settings_for(entry: CameraEntry, settings: ShardSettings) -> ShardSettings:
    """How this camera is recorded: a nomadic one comes over a slow link."""
    if entry.kind is not CameraKind.NOMADIC:
        return settings
    return replace(
        settings,
        connect_timeout_s=max(settings.connect_timeout_s, SLOW_CONNECT_S),
        stall_s=max(settings.stall_s, SLOW_STALL_S),
        quiet_s=max(settings.quiet_s, SLOW_QUIET_S),
        window_s=max(settings.window_s, SLOW_WINDOW_S),
    )


class Absence:
    """Whether a camera that is not recorded is away: a state, and nothing that somebody should mend."""

    def __init__(self, entry: CameraEntry, settings: ShardSettings, began_mono_us: MonoUs) -> None:
        self.entered = entry.absent
        """A person said so: whatever the camera answers, it is no fault."""
        self._nomadic = entry.kind is CameraKind.NOMADIC
        self._after_us = round(settings.absent_after_s * US_PER_SECOND)
        self._seen_mono_us = began_mono_us
        self._backoff = Backoff(first_s=settings.absent_retry_s, most_s=settings.absent_retry_s)

    def seen(self, mono_us: MonoUs) -> None:
        """A picture of the camera came."""
        self._seen_mono_us = max(self._seen_mono_us, mono_us)

    def explains(self, cause: Cause, now_mono_us: MonoUs) -> bool:
        """Whether an attempt that failed so is what an absent camera looks like."""
        return self.entered or (self._nomadic and cause in AWAY and now_mono_us - self._seen_mono_us >= self._after_us)

    def covers(self, now: State, state: State) -> bool:
        """Whether the camera stays absent although its worker came to this state: it is only looked for."""
        return state is State.CONNECTING and (self.entered or now is State.ABSENT)

    def next_delay_s(self) -> float:
        """The wait before it is looked for again."""
        return self._backoff.next_delay_s()
