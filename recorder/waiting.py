"""Waiting for the first of several things."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from nvr.base.clock import Clock
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND

T = TypeVar("T")


async def first_of(work: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, object]) -> T | None:
    """The result of `work`, or None when one of the others is done before it. What is not done is cancelled."""
    task = asyncio.ensure_future(work)
    tasks = [task, *(asyncio.ensure_future(other) for other in others)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Pace:
    """Lets connections begin one after the other, so that a city's cameras do not all come back in one instant."""

    def __init__(self, clock: Clock, *, per_second: int) -> None:
        self._clock = clock
        self._interval_us = US_PER_SECOND // per_second
        self._next_mono_us = 0

    async def turn(self, stop: Stop) -> None:
        """Wait for one's turn, or for the stop signal."""
        now_mono_us = self._clock.mono_us()
        begins_mono_us = max(now_mono_us, self._next_mono_us)
        self._next_mono_us = begins_mono_us + self._interval_us
        if begins_mono_us > now_mono_us:
            await first_of(self._clock.sleep((begins_mono_us - now_mono_us) / US_PER_SECOND), stop.wait())
