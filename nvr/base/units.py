"""Units of time and size, and the only conversions between them.

Everything that persists is an integer below 2**53 (DESIGN.md "Time"): UTC in microseconds since 1970
(`*_utc_us`), media time in 90 kHz ticks since the run began (`*_90k`), and the monotonic clock in
microseconds since an origin that only the running kernel knows (`mono_us`).
"""

from typing import Final, NewType

UtcUs = NewType("UtcUs", int)
"""Microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted."""

MonoUs = NewType("MonoUs", int)
"""Microseconds of CLOCK_MONOTONIC: only differences within one boot mean anything."""

Ticks90k = NewType("Ticks90k", int)
"""Ticks of the 90 kHz media clock (RFC 3551 section 5) since the run began."""

TICKS_PER_SECOND: Final = 90_000
US_PER_SECOND: Final = 1_000_000
US_PER_DAY: Final = 86_400 * US_PER_SECOND
MAX_PERSISTED_INT: Final = 2**53 - 1
"""The largest integer that JSON readers keep exactly (RFC 8785 section 3.2.2.3, I-JSON)."""


def us_from_ticks(ticks_90k: int) -> int:
    """Microseconds for a number of 90 kHz ticks, rounded towards minus infinity."""
    return ticks_90k * 100 // 9


def ticks_from_us(us: int) -> int:
    """90 kHz ticks for a number of microseconds, rounded towards minus infinity."""
    return us * 9 // 100
