"""The clock, as a parameter: code that needs the time takes a `Clock`, so that a test can bend it."""

import asyncio
import time
from typing import Final, Protocol

from nvr.base.units import US_PER_SECOND, MonoUs, UtcUs

_TRUSTED_SPAN_US: Final = 1_000
_LOOKS: Final = 5


class Clock(Protocol):
    """What the program may ask about time."""

    def utc_us(self) -> UtcUs:
        """The system's UTC clock; it may step."""
        ...

    def mono_us(self) -> MonoUs:
        """The monotonic clock; it never goes back within one boot."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let this task wait."""
        ...


def utc_offset_us(clock: Clock) -> int:
    """UTC less the monotonic clock, to half a millisecond; looked at anew when something came between the readings."""
    best_span_us, best_us = None, 0
    for _ in range(_LOOKS):
        before_us = clock.mono_us()
        utc_us = clock.utc_us()
        span_us = clock.mono_us() - before_us
        if best_span_us is None or span_us < best_span_us:
            best_span_us, best_us = span_us, utc_us - before_us - span_us // 2
        if span_us <= _TRUSTED_SPAN_US:
            break
    return best_us


class SystemClock:
    """The machine's own clocks."""

    def utc_us(self) -> UtcUs:
        """CLOCK_REALTIME in microseconds."""
        return UtcUs(time.time_ns() // 1000)

    def mono_us(self) -> MonoUs:
        """CLOCK_MONOTONIC in microseconds."""
        return MonoUs(time.monotonic_ns() // 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)


class SimClock:
    """A clock that moves only when told, for tests: sleepers wake as `advance` passes their instant.

    `advance` moves both clocks; `step_utc` moves UTC alone, as a wrong NTP server does.
    """

    def __init__(self, utc_us: int = 1_790_000_000_000_000, mono_us: int = 1_000_000_000) -> None:
        self._utc_us = utc_us
        self._mono_us = mono_us
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def utc_us(self) -> UtcUs:
        """The simulated UTC clock."""
        return UtcUs(self._utc_us)

    def mono_us(self) -> MonoUs:
        """The simulated monotonic clock."""
        return MonoUs(self._mono_us)

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has passed `seconds`; zero and less yield once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._mono_us + round(seconds * US_PER_SECOND), woken))
        await woken

    def advance(self, us: int) -> None:
        """Move both clocks forward and wake every sleeper whose instant has come."""
        self._utc_us += us
        self._mono_us += us
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._mono_us]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._mono_us]
        for _, woken in sorted(due, key=lambda sleeper: sleeper[0]):
            if not woken.done():
                woken.set_result(None)

    def step_utc(self, us: int) -> None:
        """Move the UTC clock alone, forward or back."""
        self._utc_us += us

    @property
    def sleepers(self) -> int:
        """How many tasks wait on this clock."""
        return len(self._sleepers)
