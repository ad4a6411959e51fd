from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import us_from_ticks
from recorder.errors import TimelineBroken
from recorder.timeline import (
    MAX_BACK_90K,
    MAX_ERROR_US,
    MAX_FORWARD_90K,
    MAX_SLEW_PPM,
    WINDOW_US,
    DelayEnvelope,
    MediaTime,
    WallTime,
)

_WRAP = 1 << 32


@given(
    first=st.integers(0, _WRAP - 1),
    steps=st.lists(st.integers(-MAX_BACK_90K, MAX_FORWARD_90K), max_size=40),
)
def test_unwrapped_time_moves_as_the_time_stamps_did(first: int, steps: list[int]) -> None:
    media = MediaTime(first)
    elapsed = 0
    for step in steps:
        elapsed += step
        assert media.advance((first + elapsed) % _WRAP) == elapsed


def test_a_day_of_pictures_wraps_once_and_goes_on() -> None:
    first = _WRAP - 90_000 * 3600 * 12
    media = MediaTime(first)
    pts = [media.advance((first + second * 90_000) % _WRAP) for second in range(24 * 3600)]
    assert pts == [second * 90_000 for second in range(24 * 3600)]


@pytest.mark.parametrize("step", [MAX_FORWARD_90K + 1, -MAX_BACK_90K - 1, 1 << 31, -(1 << 30)])
def test_jump_breaks_the_timeline_and_moves_nothing(step: int) -> None:
    media = MediaTime(1000)
    with pytest.raises(TimelineBroken, match="jump"):
        media.advance((1000 + step) % _WRAP)
    assert media.advance(1000) == 0


def test_place_judges_nothing_and_moves_nothing() -> None:
    media = MediaTime(5)
    assert media.place((5 - 900_000) % _WRAP) == -900_000
    assert media.place(5 + MAX_FORWARD_90K * 2) == MAX_FORWARD_90K * 2
    assert media.advance(5) == 0


def test_least_delay_is_forgotten_once_the_window_has_passed() -> None:
    envelope = DelayEnvelope()
    assert envelope.least_us(0) is None
    envelope.observe(100)
    assert envelope.least_us(0) == 100
    envelope.observe(400)
    assert envelope.least_us(1_000_000) == 100
    envelope.observe(300)
    assert envelope.least_us(WINDOW_US + 1) == 300


def test_last_known_delay_serves_when_nothing_new_was_seen() -> None:
    envelope = DelayEnvelope()
    envelope.observe(100)
    assert envelope.least_us(0) == 100
    assert envelope.least_us(10 * WINDOW_US) == 100


@given(st.lists(st.tuples(st.integers(1, 5_000_000), st.integers(-(10**9), 10**9)), min_size=1, max_size=80))
def test_envelope_is_the_least_delay_of_the_window(made: list[tuple[int, int]]) -> None:
    envelope = DelayEnvelope()
    now_us, seen = 0, []
    for elapsed_us, delay_us in made:
        now_us += elapsed_us
        envelope.observe(delay_us)
        seen.append((now_us, delay_us))
        assert envelope.least_us(now_us) == min(delay for at, delay in seen if at >= now_us - WINDOW_US)


def test_envelope_keeps_no_delay_that_a_later_one_undercuts() -> None:
    envelope = DelayEnvelope()
    for at in range(1000):
        envelope.observe(-at)
        assert envelope.least_us(at) == -at
    assert len(envelope._buckets) == 1


@given(
    offset_us=st.integers(0, 10**16),
    steps=st.lists(st.tuples(st.integers(1, 20 * 90_000), st.integers(-MAX_ERROR_US, MAX_ERROR_US)), max_size=60),
)
def test_wall_time_moves_with_media_time_give_or_take_500_ppm(offset_us: int, steps: list[tuple[int, int]]) -> None:
    wall = WallTime(offset_us=offset_us, pts_90k=0)
    pts_90k, told = 0, [(0, wall.utc_us(0))]
    for step_90k, error_us in steps:
        pts_90k += step_90k
        wall.steer(pts_90k, wall.offset_us + error_us)
        told.append((pts_90k, wall.utc_us(pts_90k)))
    for (before_90k, before_us), (after_90k, after_us) in pairwise(told):
        media_us = us_from_ticks(after_90k) - us_from_ticks(before_90k)
        slew_us = abs(after_us - before_us - media_us)
        assert (slew_us - 1) * 1_000_000 <= MAX_SLEW_PPM * (media_us + slew_us)
        assert after_us >= before_us


@given(st.lists(st.integers(1, 2 * 90_000), min_size=1, max_size=300))
def test_rounding_of_many_small_steps_never_adds_up(steps_90k: list[int]) -> None:
    wall = WallTime(offset_us=0, pts_90k=0)
    for at_90k in accumulate(steps_90k):
        wall.steer(at_90k, MAX_ERROR_US)
    elapsed_us = us_from_ticks(sum(steps_90k))
    assert wall.offset_us == elapsed_us * MAX_SLEW_PPM // (1_000_000 - MAX_SLEW_PPM)


def test_steady_error_is_slewed_away_and_not_passed() -> None:
    wall = WallTime(offset_us=1_000_000, pts_90k=0)
    offsets = []
    for second in range(1, 101):
        wall.steer(second * 90_000, 1_020_000)
        offsets.append(wall.offset_us)
    assert offsets[:3] == [1_000_500, 1_001_000, 1_001_500]  # and every fourth second 1 us more
    assert offsets[-1] == 1_020_000


def test_error_that_slewing_can_not_mend_breaks_the_timeline() -> None:
    wall = WallTime(offset_us=0, pts_90k=0)
    with pytest.raises(TimelineBroken, match="drift"):
        wall.steer(90_000, MAX_ERROR_US + 1)
    assert wall.offset_us == 0
