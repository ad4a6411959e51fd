"""A budget waits for what was taken beyond the rate, saves little up, and ends with the signal."""

import pytest

from nvr.base.clock import SimClock
from nvr.base.stop import Stop
from storage.reading_budget import ReadingBudget, Stopped


class Waiting(Stop):
    """A signal whose waits pass at once, and move the clock."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__()
        self.clock = clock
        self.waits: list[float] = []

    def wait_in_thread(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.clock.advance(int(seconds * 1_000_000))
        return self.is_set()


def test_so_many_bytes_a_second_and_little_is_saved_up() -> None:
    clock = SimClock()
    waiting = Waiting(clock)
    budget = ReadingBudget(1000, clock, waiting)
    budget.take(1500)
    budget.take(2000)
    clock.advance(3_600_000_000)
    budget.take(1000)
    budget.take(100)
    assert waiting.waits == [0.5, 2.0, 0.0, 0.1]


def test_time_that_reading_took_is_not_waited_again() -> None:
    clock = SimClock()
    waiting = Waiting(clock)
    budget = ReadingBudget(1000, clock, waiting)
    budget.take(2000)
    clock.advance(400_000)
    budget.take(1000)
    assert waiting.waits == [1.0, 0.6]


def test_without_a_bound_nothing_waits() -> None:
    waiting = Waiting(SimClock())
    ReadingBudget(None, waiting.clock, waiting).take(10**9)
    assert waiting.waits == [0]


def test_signal_ends_the_reading() -> None:
    clock = SimClock()
    waiting = Waiting(clock)
    waiting.set()
    with pytest.raises(Stopped):
        ReadingBudget(None, clock, waiting).take(1)
