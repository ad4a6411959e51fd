import pytest

from nvr.base.clock import SimClock
from nvr.base.units import UtcUs
from recorder.server_clock import MAX_STEP_US, ServerClock, kernel_is_synchronised
from tests.recorder.fakes import MemoryEvents


def _server(clock: SimClock, events: MemoryEvents) -> ServerClock:
    return ServerClock(clock, events, first_epoch=7, is_synchronised=lambda: True)


@pytest.mark.parametrize("step_us", [MAX_STEP_US + 1, -MAX_STEP_US - 1, 3_600_000_000])
def test_step_begins_an_epoch_and_is_told_once(step_us: int) -> None:
    clock, events = SimClock(), MemoryEvents()
    server = _server(clock, events)
    clock.advance(5_000_000)
    clock.step_utc(step_us)
    server.observe()
    server.observe()
    assert server.epoch == 8
    assert [(step.epoch, step.step_us, step.utc_us, step.mono_us) for step in events.steps] == [
        (8, step_us, clock.utc_us(), clock.mono_us())
    ]
    assert server.utc_us() == clock.utc_us()


def test_small_moves_are_no_step_however_many() -> None:
    clock, events = SimClock(), MemoryEvents()
    server = _server(clock, events)
    for _ in range(10):
        clock.advance(1_000_000)
        clock.step_utc(MAX_STEP_US)
        server.observe()
    assert server.epoch == 7
    assert events.steps == []
    assert server.utc_us() == clock.utc_us()


class _Interrupted(SimClock):
    """Something takes the processor away right after the first look at UTC."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = [3_000_000]

    def utc_us(self) -> UtcUs:
        now = super().utc_us()
        if self.pauses:
            self.advance(self.pauses.pop())
        return now


def test_pause_between_two_looks_is_no_step() -> None:
    clock, events = _Interrupted(), MemoryEvents()
    server = _server(clock, events)
    clock.pauses = [2_000_000]
    server.observe()
    assert events.steps == []
    assert server.offset_us == SimClock().utc_us() - SimClock().mono_us()


def test_sync_state_is_asked_at_each_tick() -> None:
    answers = [True, False]
    server = ServerClock(SimClock(), MemoryEvents(), first_epoch=1, is_synchronised=lambda: answers.pop(0))
    assert server.synchronised
    server.tick()
    assert not server.synchronised


def test_kernel_says_whether_its_clock_is_disciplined() -> None:
    assert kernel_is_synchronised() in (True, False)
