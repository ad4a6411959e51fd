import asyncio

import pytest

from nvr.base.clock import SimClock
from nvr.base.stop import Stop
from recorder.waiting import Pace, first_of


async def _give(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def test_result_of_the_work_when_it_comes_first() -> None:
    assert await first_of(_give(7), SimClock().sleep(1)) == 7


async def test_nothing_when_another_comes_first_and_the_work_is_cancelled() -> None:
    clock, ended = SimClock(), asyncio.Event()

    async def work() -> int:
        try:
            await clock.sleep(100)
        finally:
            ended.set()
        return 1

    stop = Stop()
    stop.set()
    assert await first_of(work(), stop.wait()) is None
    assert ended.is_set()


async def test_error_of_the_work_comes_out() -> None:
    async def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await first_of(work(), SimClock().sleep(1))


async def test_turns_come_one_after_the_other() -> None:
    clock, pace, stop = SimClock(), Pace(SimClock(), per_second=10), Stop()
    pace = Pace(clock, per_second=10)
    order: list[tuple[int, int]] = []

    async def wait(number: int) -> None:
        await pace.turn(stop)
        order.append((number, clock.mono_us()))

    began_us = clock.mono_us()
    tasks = [asyncio.create_task(wait(number)) for number in range(4)]
    for _ in range(4):
        for _ in range(10):
            await asyncio.sleep(0)
        clock.advance(100_000)
    await asyncio.gather(*tasks)
    assert order == [(number, began_us + number * 100_000) for number in range(4)]


async def test_stop_ends_the_waiting_for_a_turn() -> None:
    clock, stop = SimClock(), Stop()
    pace = Pace(clock, per_second=1)
    await pace.turn(stop)
    waiting = asyncio.create_task(pace.turn(stop))
    await asyncio.sleep(0)
    stop.set()
    await waiting
