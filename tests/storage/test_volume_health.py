"""What is told of a disk's slowness: the worst of the last minute, and nothing older."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SimClock
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.volume_health import WINDOW_S, VolumeHealth, Worst


@given(st.lists(st.tuples(st.integers(0, 40_000_000), st.integers(0, 10_000_000)), max_size=40))
def test_worst_is_that_of_the_seconds_within_the_window(steps: list[tuple[int, int]]) -> None:
    clock = SimClock(UtcUs(0))
    worst = Worst(clock)
    noted: list[tuple[int, int]] = []
    for wait_us, took_us in steps:
        clock.advance(wait_us)
        worst.note(took_us)
        noted.append((clock.mono_us() // US_PER_SECOND, took_us))
        now_s = clock.mono_us() // US_PER_SECOND
        assert worst.worst_us() == max(took for at, took in noted if at > now_s - WINDOW_S)


def test_minute_without_anything_has_no_worst() -> None:
    clock = SimClock(UtcUs(0))
    worst = Worst(clock)
    assert worst.worst_us() == 0
    worst.note(7)
    clock.advance(WINDOW_S * US_PER_SECOND)
    assert worst.worst_us() == 0


def test_call_that_fails_took_its_time_too() -> None:
    clock = SimClock(UtcUs(0))
    health = VolumeHealth(clock)

    def hangs_and_fails() -> None:
        with health.timed(health.writes):
            clock.advance(30_000_000)
            raise OSError("bad")

    with pytest.raises(OSError, match="bad"):
        hangs_and_fails()
    assert (health.writes.worst_us(), health.syncs.worst_us()) == (30_000_000, 0)
