import asyncio
import threading

from nvr.base.stop import Stop


async def test_task_that_waits_is_woken_by_a_stop_from_a_thread() -> None:
    stop = Stop()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.sleep(0)
    threading.Thread(target=stop.set).start()
    await asyncio.wait_for(waiting, timeout=10)
    assert stop.is_set()


async def test_wait_after_the_stop_returns_at_once() -> None:
    stop = Stop()
    stop.set()
    stop.set()
    await asyncio.wait_for(stop.wait(), timeout=10)
    assert stop.wait_in_thread(0)


async def test_cancelled_waiter_is_forgotten() -> None:
    stop = Stop()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    stop.set()
    assert stop.is_set()
