from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, ticks_from_us, us_from_ticks


def test_one_second_is_ninety_thousand_ticks() -> None:
    assert us_from_ticks(TICKS_PER_SECOND) == US_PER_SECOND
    assert ticks_from_us(US_PER_SECOND) == TICKS_PER_SECOND


@given(st.integers(-(2**52), 2**52))
def test_ticks_survive_microseconds_within_one_tick(ticks_90k: int) -> None:
    assert ticks_90k - 1 <= ticks_from_us(us_from_ticks(ticks_90k)) <= ticks_90k
