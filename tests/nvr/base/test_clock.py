import asyncio

from nvr.base.clock import SimClock, SystemClock
from nvr.base.units import US_PER_SECOND


async def test_sleeper_on_the_simulated_clock_wakes_when_its_instant_has_come_and_not_before() -> None:
    clock = SimClock()
    task = asyncio.create_task(clock.sleep(2))
    await asyncio.sleep(0)
    clock.advance(2 * US_PER_SECOND - 1)
    await asyncio.sleep(0)
    assert not task.done()
    assert clock.sleepers == 1
    clock.advance(1)
    await asyncio.wait_for(task, timeout=10)
    assert clock.sleepers == 0


def test_step_of_the_utc_clock_leaves_the_monotonic_clock_alone() -> None:
    clock = SimClock()
    before = clock.mono_us()
    clock.step_utc(-US_PER_SECOND)
    assert clock.mono_us() == before


async def test_sleep_of_nothing_does_not_wait_for_the_clock() -> None:
    await asyncio.wait_for(SimClock().sleep(0), timeout=10)


def test_system_clock_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.mono_us() for _ in range(1000)]
    assert readings == sorted(readings)
