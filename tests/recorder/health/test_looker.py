import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nvr.app.roles.health_parts import environment
from nvr.base.clock import SimClock, SystemClock
from nvr.base.stop import Stop
from recorder.health.looker import Looked, Looker
from tests.recorder.health.tasks import look_of_street, task

ROOT = Path(__file__).resolve().parents[3]


class Quick(SystemClock):
    async def sleep(self, seconds: float) -> None:
        """Waits for a new start take no time here."""


@asynccontextmanager
async def looking(
    mode: str, *, answer_s: float = 30.0, clock: SystemClock | SimClock | None = None
) -> AsyncIterator[Looker]:
    command = (sys.executable, "-m", "tests.recorder.health.stub_process", mode)
    told = environment() | {"PYTHONPATH": str(ROOT)}
    looker = Looker(command, told, clock or Quick(), answer_s=answer_s, start_s=answer_s)
    stop = Stop()
    running = asyncio.create_task(looker.run(stop))
    await asyncio.sleep(0)
    try:
        yield looker
    finally:
        stop.set()
        await running


async def look(looker: Looker) -> Looked:
    while not looker.free:  # noqa: ASYNC110 -- it comes back from its wait for a new start, and tells nobody
        await asyncio.sleep(0)
    came: asyncio.Future[Looked] = asyncio.get_running_loop().create_future()
    assert looker.offer(task(), came.set_result)
    return await came


async def test_one_process_serves_look_after_look() -> None:
    async with looking("well") as looker:
        for _ in range(3):
            assert (await look(looker)).look == look_of_street()
        assert looker.starts == 1


async def test_none_is_started_before_there_is_something_to_look_at() -> None:
    async with looking("well") as looker:
        assert looker.free
        assert looker.starts == 0


async def test_offer_is_refused_while_it_looks() -> None:
    async with looking("well") as looker:
        came: asyncio.Future[Looked] = asyncio.get_running_loop().create_future()
        assert looker.offer(task(), came.set_result)
        assert not looker.free
        assert not looker.offer(task(), came.set_result)
        await came


@pytest.mark.parametrize("mode", ["dies", "floods", "lies"])
async def test_process_that_dies_or_answers_nonsense_is_replaced(mode: str) -> None:
    async with looking(mode) as looker:
        for starts in (1, 2):
            looked = await look(looker)
            assert looked.failed
            assert looked.look is None
            assert looker.starts == starts


@pytest.mark.parametrize("mode", ["hangs", "deaf"])
async def test_process_that_hangs_is_killed_in_time(mode: str) -> None:
    async with looking(mode, answer_s=0.2) as looker:
        assert (await look(looker)).failed
        assert looker.starts == 1


async def test_program_that_is_not_there_is_a_failed_look() -> None:
    looker = Looker(("/nonexistent/python",), {}, Quick())
    stop = Stop()
    running = asyncio.create_task(looker.run(stop))
    await asyncio.sleep(0)
    assert (await look(looker)).failed
    stop.set()
    await running


async def test_after_a_failure_nothing_is_taken_until_the_wait_is_over() -> None:
    clock = SimClock()
    async with looking("dies", clock=clock) as looker:
        assert (await look(looker)).failed
        assert not looker.free
        assert not looker.offer(task(), lambda _: None)


async def test_stop_ends_it_within_a_look() -> None:
    async with looking("hangs") as looker:
        assert looker.offer(task(), lambda _: None)
        while not looker.starts:  # noqa: ASYNC110 -- the process begins, and tells nobody
            await asyncio.sleep(0)
    assert looker.starts == 1
