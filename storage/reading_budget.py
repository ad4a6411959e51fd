"""How fast a check may read: so many bytes a second on average, whatever the disk could give."""

from nvr.base.clock import Clock
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND


class Stopped(Exception):
    """The signal was given while something was read."""


class ReadingBudget:
    """One thread takes from it; what was not used is saved up for a second. No bound: as fast as the disk gives."""

    def __init__(self, bytes_per_second: int | None, clock: Clock, stop: Stop) -> None:
        self._bytes_per_second = bytes_per_second
        self._clock = clock
        self._stop = stop
        self._next_us = 0

    def take(self, size: int) -> None:
        """So many bytes were read: wait until more may be. Raises Stopped: the signal was given."""
        wait_us = 0
        if self._bytes_per_second is not None:
            now_us = self._clock.mono_us()
            self._next_us = max(self._next_us, now_us - US_PER_SECOND) + size * US_PER_SECOND // self._bytes_per_second
            wait_us = max(0, self._next_us - now_us)
        if self._stop.wait_in_thread(wait_us / US_PER_SECOND):
            raise Stopped
