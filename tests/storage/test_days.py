"""Days of the directories, and days of people."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.days import bounds_of, day_of, utc_day, utc_day_end_us

PARIS: Final = ZoneInfo("Europe/Paris")
HOUR_US: Final = 3600 * US_PER_SECOND
DAY: Final = date(2026, 9, 10)
START: Final = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * US_PER_SECOND


@given(st.integers(0, 800 * US_PER_DAY))
def test_utc_day_ends_after_each_of_its_instants(since: int) -> None:
    end = utc_day_end_us(utc_day(START + since))
    assert end - US_PER_DAY <= START + since < end


@pytest.mark.parametrize("name", ["2026-09-10", "holiday", ""])
def test_name_of_no_day_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="format"):
        utc_day_end_us(name)


@pytest.mark.parametrize(("day", "hours"), [(DAY, 24), (date(2026, 10, 25), 25), (date(2026, 3, 29), 23)])
def test_local_day_is_as_long_as_its_clocks_say(day: date, hours: int) -> None:
    begin, end = bounds_of(day, PARIS)
    assert end - begin == hours * HOUR_US
    assert day_of(begin, PARIS) == day
    assert day_of(begin - 1, PARIS) < day < day_of(end, PARIS)


@given(st.integers(0, 800 * US_PER_DAY))
def test_every_instant_is_in_the_bounds_of_its_day(since: int) -> None:
    begin, end = bounds_of(day_of(START + since, PARIS), PARIS)
    assert begin <= START + since < end
