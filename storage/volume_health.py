"""How a volume does in a recorder: whether it takes segments, how long its disk takes, what failed on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND

WINDOW_S: Final = 60


class VolumeState(StrEnum):
    """Whether a volume takes new segments, and how it comes to do so again (docs/design/storage.md "Volumes")."""

    IN_SERVICE = "in-service"
    FULL = "full"
    """Not before there is room."""
    DRAINING = "draining"
    """Not any more, on a person's word."""
    AWAY = "away"
    """Not before it is itself again."""
    ERRING = "erring"
    """Not before the recorder's next start: a write, a sync or a close failed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a volume stands, and why: what was seen."""

    state: VolumeState
    reason: str | None = None


class Worst:
    """The longest of what took its time within the last minute. One thread notes; any thread may ask."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds = [(-WINDOW_S, 0)] * WINDOW_S
        """By second modulo the window: which second it was, and its worst."""

    def note(self, took_us: int) -> None:
        """Something took so long, and is over now."""
        second = self._clock.mono_us() // US_PER_SECOND
        at, worst_us = self._seconds[second % WINDOW_S]
        self._seconds[second % WINDOW_S] = (second, max(took_us, worst_us) if at == second else took_us)

    def worst_us(self) -> int:
        """How long the longest took; 0 where there was none."""
        first = self._clock.mono_us() // US_PER_SECOND - WINDOW_S + 1
        return max((worst_us for at, worst_us in list(self._seconds) if at >= first), default=0)


class VolumeHealth:
    """Writes are noted by the volume's writer thread, syncs by its sync thread; any thread may read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.writes = Worst(clock)
        self.syncs = Worst(clock)
        self.errors = {"write": 0, "sync": 0, "close": 0}
        """How many failed since the recorder began; want of room is no error."""

    @contextmanager
    def timed(self, worst: Worst) -> Iterator[None]:
        """Note how long the body takes, also when it fails."""
        began_us = self._clock.mono_us()
        try:
            yield
        finally:
            worst.note(self._clock.mono_us() - began_us)
