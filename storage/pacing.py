"""Waiting for the clock, or for work, no longer than until the stop signal."""

import asyncio
from collections.abc import Coroutine

from nvr.base.clock import Clock
from nvr.base.stop import Stop


async def pause(clock: Clock, stop: Stop, seconds: float) -> bool:
    """Wait so long, or less when the signal is given; whether work goes on."""
    return await unless_stopped(stop, clock.sleep(seconds))


async def unless_stopped(stop: Stop, work: Coroutine[None, None, None]) -> bool:
    """Do the work, which is cancelled when the signal is given; whether work goes on. Raises what it raises."""
    done, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({done, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            await done
    finally:
        for wait in (done, stopped):
            wait.cancel()
        await asyncio.gather(done, stopped, return_exceptions=True)
    return not stop.is_set()
