"""How long a camera is left to the person who aims it. Pure."""

from typing import Final

from nvr.base.units import US_PER_SECOND, UtcUs
from storage.snapshot import MOST_COMMISSIONING_S

COMMISSIONING: Final = "commissioning"
"""The detail of its gap, whose cause is `stopped`."""
_APART_US: Final = 5 * US_PER_SECOND
"""So far the clocks of two processes of one server may be apart."""


def left_of_commissioning(begin_utc_us: UtcUs | None, end_utc_us: UtcUs | None, now_utc_us: UtcUs) -> int:
    """Microseconds for which the camera is not recorded from now on; 0 outside the commissioning.

    Well before its beginning the camera is recorded: a clock that shows such a time is wrong, and recording is never
    stopped on the word of a wrong clock.
    """
    if begin_utc_us is None or end_utc_us is None or now_utc_us < begin_utc_us - _APART_US:
        return 0
    most_utc_us = min(end_utc_us, begin_utc_us + MOST_COMMISSIONING_S * US_PER_SECOND)
    return max(0, most_utc_us - now_utc_us)
