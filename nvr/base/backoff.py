"""A growing delay with jitter, reset after a healthy run."""

import random
from typing import Final

from nvr.base.units import US_PER_SECOND

HEALTHY_RUN_US: Final = 60 * US_PER_SECOND
"""A run of this length counts as healthy: the next failure starts again from the shortest delay."""


class Backoff:
    """Delays between attempts of one camera.

    Each delay is drawn evenly from [half, whole] of a ceiling that doubles from `first_s` to `most_s`, so that
    cameras which fail together do not come back together. A run of `healthy_us` or more begins with the shortest again.
    """

    def __init__(
        self,
        *,
        first_s: float = 1.0,
        most_s: float = 60.0,
        healthy_us: int = HEALTHY_RUN_US,
        rng: random.Random | None = None,
    ) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._rng = rng if rng is not None else random.SystemRandom()
        self._healthy_us = healthy_us
        self._failures = 0

    def next_delay_s(self) -> float:
        """The delay before the next attempt, after one more failure."""
        ceiling_s = min(self._most_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return self._rng.uniform(ceiling_s / 2, ceiling_s)

    def ran_for(self, us: int) -> None:
        """Tell how long the last run lasted; a healthy one resets the delay."""
        if us >= self._healthy_us:
            self._failures = 0
