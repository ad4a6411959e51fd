"""Whether the server's clock may be believed when footage is to be destroyed (docs/adr/0009). Pure.

What was destroyed too early can not be mended, what is destroyed a little late can: in doubt nothing is destroyed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nvr.base.units import US_PER_SECOND
from storage.ledger.machine import ClockSync

TOLERANCE_US: Final = 3_600 * US_PER_SECOND
"""So far apart a synchronised clock and the ledger may be."""

SETTLING_US: Final = 600 * US_PER_SECOND
"""A lead that the monotonic clock does not explain is believed after so long with a synchronised clock."""


class Pause(StrEnum):
    """Why nothing is destroyed now."""

    AHEAD = "ahead"
    """The clock is later than the ledger's last time and the monotonic clock since then explain."""
    BEHIND = "behind"
    """The ledger has an entry of a later time: the clock was wrong when it was written, or is now. A person decides."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All clocks at one instant; `ledger_utc_us` is the latest time of any entry."""

    system_utc_us: int
    mono_us: int
    ledger_utc_us: int
    sync: ClockSync


class RetentionClock:
    """Follows the clock from reading to reading, the first of which is made when the keeper starts.

    What the ledger says at the first reading is the anchor, and the monotonic clock tells from there. Later entries do
    not move it: the same clock has dated them. It moves only to a clock that has settled.
    """

    def __init__(self) -> None:
        self._anchor: tuple[int, int] | None = None
        self._settling: tuple[int, int] | None = None

    def judge(self, now: Reading) -> Pause | None:
        """Why nothing may be destroyed now; None: the system clock may be believed."""
        if self._anchor is None:
            self._anchor = (now.ledger_utc_us, now.mono_us)
        pause = self._pause(now, self._anchor)
        if pause is not Pause.AHEAD or now.sync != "synchronised":
            self._settling = None
        elif self._settling is None or _lead_us(now, self._settling) not in _WITHIN:
            self._settling = (now.system_utc_us, now.mono_us)
        elif now.mono_us - self._settling[1] >= SETTLING_US:
            self._anchor, self._settling = (now.system_utc_us, now.mono_us), None
            return None
        return pause

    def _pause(self, now: Reading, anchor: tuple[int, int]) -> Pause | None:
        # Without a time server a clock that went on evenly is right by seconds: the cap does not wait for one.
        tolerance_us = TOLERANCE_US if now.sync == "synchronised" else 0
        if now.ledger_utc_us > now.system_utc_us + tolerance_us:
            return Pause.BEHIND
        return Pause.AHEAD if _lead_us(now, anchor) > TOLERANCE_US else None


_WITHIN: Final = range(-TOLERANCE_US, TOLERANCE_US + 1)


def _lead_us(now: Reading, since: tuple[int, int]) -> int:
    """How far the system clock is ahead of what the monotonic clock has counted since then."""
    utc_us, mono_us = since
    return now.system_utc_us - utc_us - (now.mono_us - mono_us)
