"""Waiting ends with the clock or with the signal."""

import asyncio

from nvr.base.clock import SimClock
from nvr.base.stop import Stop
from storage.pacing import pause
from tests.storage.until import until


async def test_pause_ends_with_the_clock() -> None:
    clock, stop = SimClock(), Stop()
    waiting = asyncio.create_task(pause(clock, stop, 5.0))
    await until(lambda: clock.sleepers > 0)
    clock.advance(5_000_000)
    assert await waiting


async def test_pause_ends_with_the_signal() -> None:
    clock, stop = SimClock(), Stop()
    waiting = asyncio.create_task(pause(clock, stop, 5.0))
    await asyncio.sleep(0)
    stop.set()
    assert not await waiting
