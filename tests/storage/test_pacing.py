"""Waiting ends with the clock or with the signal."""

import asyncio

import pytest

from nvr.base.clock import SimClock
from nvr.base.stop import Stop
from storage.pacing import pause, unless_stopped
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


async def test_work_is_done_or_left_when_the_signal_is_given() -> None:
    stop, done = Stop(), asyncio.Event()
    assert await unless_stopped(stop, asyncio.sleep(0))
    endless = asyncio.create_task(unless_stopped(stop, _until_cancelled(done)))
    await asyncio.sleep(0)
    stop.set()
    assert not await endless
    assert done.is_set()


async def _until_cancelled(told: asyncio.Event) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        told.set()


async def test_what_work_raises_is_raised() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await unless_stopped(Stop(), fails())
