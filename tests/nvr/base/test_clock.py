import asyncio

from nvr.base.clock import SimClock, SystemClock, utc_offset_us
from nvr.base.units import US_PER_SECOND, UtcUs


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


class _Interrupted(SimClock):
    """Something takes the processor away right after each look at UTC, for these times."""

    def __init__(self, pauses_us: list[int]) -> None:
        super().__init__()
        self.offset_us = self.utc_us() - self.mono_us()
        self.pauses_us = pauses_us

    def utc_us(self) -> UtcUs:
        now = super().utc_us()
        if getattr(self, "pauses_us", None):
            self.advance(self.pauses_us.pop(0))
        return now


def test_offset_of_the_clocks_is_looked_at_anew_when_something_came_between() -> None:
    clock = _Interrupted([4_000_000, 20_000])
    assert utc_offset_us(clock) == clock.offset_us
    assert clock.pauses_us == []


def test_offset_of_the_clocks_is_that_of_the_shortest_look_when_all_were_disturbed() -> None:
    clock = _Interrupted([40_000, 2_000, 30_000, 50_000, 60_000])
    assert clock.offset_us - utc_offset_us(clock) == 1_000


async def test_sleep_of_nothing_does_not_wait_for_the_clock() -> None:
    await asyncio.wait_for(SimClock().sleep(0), timeout=10)


def test_system_clock_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.mono_us() for _ in range(1000)]
    assert readings == sorted(readings)
