"""Waiting for the clock or for the stop signal, whichever comes first."""

import asyncio

from nvr.base.clock import Clock
from nvr.base.stop import Stop


async def pause(clock: Clock, stop: Stop, seconds: float) -> bool:
    """Wait so long, or less when the signal is given; whether work goes on."""
    waits = {asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(stop.wait())}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return not stop.is_set()
