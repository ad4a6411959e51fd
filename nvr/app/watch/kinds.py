"""Every alarm there is: how bad it is, how long it must last before it is told, how long it must be over. Pure.

docs/design/alarms.md shows this table with the texts; a test holds them together.
"""

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


class Severity(IntEnum):
    """How bad it is: the greater the worse."""

    NOTICE = 1
    """To be settled within weeks; the exit code of `nvr status` stays 0."""
    WARNING = 2
    """To be settled within days."""
    CRITICAL = 3
    """Footage is being lost, or kept against the law: now. It never waits for the rate limit."""

    @property
    def word(self) -> str:
        """As JSON and texts name it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Kind:
    """One alarm. `after_s`: how long it must last; `clear_s`: how long it must be over."""

    id: str
    severity: Severity
    after_s: int
    clear_s: int = 2 * _MINUTE_S


def _table(*kinds: Kind) -> MappingProxyType[str, Kind]:
    return MappingProxyType({kind.id: kind for kind in kinds})


KINDS: Final = _table(
    Kind("keeper-silent", Severity.CRITICAL, 2 * _MINUTE_S),
    Kind("recorder-silent", Severity.CRITICAL, _MINUTE_S),
    Kind("access-silent", Severity.WARNING, 5 * _MINUTE_S),
    Kind("role-restarts", Severity.CRITICAL, 0, 15 * _MINUTE_S),
    Kind("snapshot-unreadable", Severity.CRITICAL, 2 * _MINUTE_S),
    Kind("camera-silent", Severity.WARNING, 10 * _MINUTE_S),
    Kind("fell-behind", Severity.CRITICAL, 0, 10 * _MINUTE_S),
    Kind("picture-fault", Severity.WARNING, 10 * _MINUTE_S, 10 * _MINUTE_S),
    Kind("dome-silent", Severity.WARNING, 10 * _MINUTE_S),
    Kind("below-decree", Severity.WARNING, 30 * _MINUTE_S, 30 * _MINUTE_S),
    Kind("recorded-nowhere", Severity.NOTICE, _HOUR_S),
    Kind("recorder-fault", Severity.WARNING, _MINUTE_S),
    Kind("key-place-lost", Severity.CRITICAL, _MINUTE_S),
    Kind("volume-lost", Severity.CRITICAL, _MINUTE_S),
    Kind("evidence-lost", Severity.WARNING, _MINUTE_S),
    Kind("disk-failing", Severity.WARNING, _MINUTE_S, _HOUR_S),
    Kind("copies-waiting", Severity.WARNING, 10 * _MINUTE_S),
    Kind("volume-low", Severity.WARNING, 10 * _MINUTE_S, 30 * _MINUTE_S),
    Kind("keeper-fault", Severity.WARNING, 10 * _MINUTE_S),
    Kind("retention-paused", Severity.CRITICAL, 15 * _MINUTE_S),
    Kind("retention-missed", Severity.CRITICAL, 0),
    Kind("retention-mass", Severity.WARNING, 0),
    Kind("retention-blind", Severity.WARNING, 10 * _MINUTE_S),
    Kind("retention-idle", Severity.WARNING, 0),
    Kind("retention-full", Severity.WARNING, 10 * _MINUTE_S),
    Kind("minimum-at-risk", Severity.WARNING, 0, _HOUR_S),
    Kind("hold-provisional", Severity.WARNING, 0),
    Kind("index-behind", Severity.WARNING, 15 * _MINUTE_S),
    Kind("index-unreadable", Severity.WARNING, 15 * _MINUTE_S),
    Kind("clock-unsynchronised", Severity.WARNING, 15 * _MINUTE_S),
    Kind("provisional-set", Severity.NOTICE, _HOUR_S),
    Kind("envelope-used", Severity.WARNING, 0),
    Kind("order-ends", Severity.NOTICE, _HOUR_S),
    Kind("camera-unauthorised", Severity.CRITICAL, _HOUR_S),
    Kind("backup-old", Severity.WARNING, _HOUR_S),
    Kind("channel-failed", Severity.WARNING, 5 * _MINUTE_S),
)


def kinds_for(camera_minutes: int) -> dict[str, Kind]:
    """The table with the town's own patience for silent cameras."""
    silent = KINDS["camera-silent"]
    return {**KINDS, silent.id: Kind(silent.id, silent.severity, camera_minutes * _MINUTE_S, silent.clear_s)}
