"""A link by radio, as a model: when what a camera sends arrives behind it. Pure, and the same in every run."""

import random
from dataclasses import dataclass
from typing import Final

from nvr.base.units import US_PER_SECOND

_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Radio:
    """What a mobile network does to TCP: a 4G modem at the edge of its cell, unless told otherwise."""

    bits_per_s: int = 300_000
    one_way_us: int = 300 * _MS
    jitter_us: int = 80 * _MS
    """Mean of what each packet is late by at random."""
    loss: float = 0.01
    """Of bursts; what is lost comes after a time-out, and everything behind it waits (TCP)."""
    timeout_us: int = 1200 * _MS
    pause_every_us: int = 120 * US_PER_SECOND
    """Mean time between two pauses."""
    pause_us: tuple[int, int] = (5 * US_PER_SECOND, 30 * US_PER_SECOND)
    """Shortest and longest."""


class RadioLink:
    """Carries bursts of bytes, in their order: `arrival_us` once for each."""

    def __init__(self, radio: Radio, *, seed: int) -> None:
        self._radio = radio
        self._random = random.Random(seed)  # noqa: S311 -- a model, nothing secret
        self._free_us = 0
        self._last_us = 0
        self._pause_begins_us = self._next_pause_us(0)
        self.pauses = 0

    def arrival_us(self, sent_us: int, size: int) -> int:
        """When the last byte of a burst arrives that was sent at this instant."""
        radio, chance = self._radio, self._random
        begin = max(sent_us, self._free_us)
        while begin >= self._pause_begins_us:
            ends = self._pause_begins_us + chance.randint(*radio.pause_us)
            begin = max(begin, ends)
            self._pause_begins_us = self._next_pause_us(ends)
            self.pauses += 1
        self._free_us = begin + size * 8 * US_PER_SECOND // radio.bits_per_s
        late_us = round(chance.expovariate(1 / radio.jitter_us))
        if chance.random() < radio.loss:
            late_us += radio.timeout_us
        self._last_us = max(self._last_us, self._free_us + radio.one_way_us + late_us)
        return self._last_us

    def _next_pause_us(self, after_us: int) -> int:
        return after_us + round(self._random.expovariate(1 / self._radio.pause_every_us))
