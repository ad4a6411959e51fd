"""How second copies stand: what is there once and twice, why none is made, and when the room is used up. Pure."""

from dataclasses import dataclass
from typing import Final

from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.faults import Fault
from storage.index.on_evidence import Kept
from storage.index.on_volume import Total
from storage.keeping.evidence_room import Stopped
from storage.retention_guards import in_gib

COPIES_WAITING: Final = "copies-waiting"
"""The fault that tells of held footage which lies once, though there is an evidence volume."""

YOUNG_US: Final = 3600 * US_PER_SECOND
"""What was recorded since then is not missed yet: under a hold on the present there is always some."""
LATE_US: Final = 6 * 3600 * US_PER_SECOND
"""So long something older may lie once before a person is told."""
RATE_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class CopiesStatus:
    """As of the last look. `stopped`: why no copy is made now; `late`: something waited for too long.

    `left_bytes` is the room that is left for copies, of the disk and of the budget, where a volume takes any;
    `used_up_utc_us` when that will be used up at the rate of the last week, once all is copied that waits.
    """

    once: Total
    twice: Total
    stopped: Stopped | None
    late: bool
    left_bytes: int | None
    used_up_utc_us: UtcUs | None

    @property
    def fault(self) -> Fault | None:
        """What a person has to look at; None: nothing."""
        if not self.once.segments or not (self.stopped or self.late):
            return None
        why = f"no copy is made: {self.stopped}" if self.stopped else f"for more than {LATE_US // (3600 * 1_000_000)} h"
        said = f"{self.once.segments} held segments, {in_gib(self.once.bytes)}, lie once; {why}"
        return Fault.told(said, f"copies-{self.stopped or 'late'}")


@dataclass(slots=True)
class Patience:
    """Since when something waits that should have its copy by now."""

    since_mono_us: int | None = None

    def is_over(self, waiting: Total, now_mono_us: int) -> bool:
        """Whether it has lasted too long; `waiting` is what is older than YOUNG_US."""
        if not waiting.segments:
            self.since_mono_us = None
            return False
        self.since_mono_us = now_mono_us if self.since_mono_us is None else self.since_mono_us
        return now_mono_us - self.since_mono_us >= LATE_US


def status_of(
    kept: Kept, stopped: Stopped | None, left_bytes: int | None, week: Total, now_utc_us: int, *, late: bool
) -> CopiesStatus:
    """`week` are the copies that were made in the last RATE_DAYS and are there still."""
    used_up = None
    if left_bytes is not None and week.bytes:
        spare = max(0, left_bytes - kept.once.bytes)
        used_up = UtcUs(now_utc_us + spare * RATE_DAYS * US_PER_DAY // week.bytes)
    return CopiesStatus(kept.once, kept.twice, stopped, late, left_bytes, used_up)
