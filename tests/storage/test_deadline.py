from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_DAY, UtcUs
from storage.deadline import deadline_utc_us

PARIS = ZoneInfo("Europe/Paris")


def local(text: str, *, fold: int = 0) -> UtcUs:
    moment = datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)
    return UtcUs(int(moment.timestamp()) * 1_000_000)


@pytest.mark.parametrize(
    ("start", "days", "deadline"),
    [
        ("2026-06-10T14:00", 15, "2026-06-26T00:00"),  # the end of the 25th
        ("2026-02-01T09:00", 30, "2026-03-01T09:00"),  # a month is date to date, 28 days here
        ("2026-01-31T09:00", 31, "2026-02-28T09:00"),  # the month is shorter
        ("2026-12-20T09:00", 31, "2027-01-20T09:00"),  # over the year
        ("2026-06-10T23:59", 0, "2026-06-11T00:00"),
        ("2026-03-28T12:00", 1, "2026-03-30T00:00"),  # a day of 23 hours
    ],
)
def test_footage_is_due_at_the_earlier_of_day_and_month(start: str, days: int, deadline: str) -> None:
    assert deadline_utc_us(local(start), days, PARIS) == local(deadline)


def test_wall_time_that_comes_twice_counts_the_first_time() -> None:
    assert deadline_utc_us(local("2026-09-25T02:30"), 31, PARIS) == local("2026-10-25T02:30", fold=0)


def test_wall_time_that_never_comes_does_not_lengthen_the_cap() -> None:
    # 02:30 does not exist on 29 March: 01:30 UTC less the new offset is half past midnight UTC.
    assert deadline_utc_us(UtcUs(local("2026-02-28T02:30") + US_PER_DAY), 31, PARIS) <= local("2026-04-01T02:30")
    assert deadline_utc_us(local("2027-02-28T02:30"), 31, PARIS) == UtcUs(1_806_193_800 * 1_000_000)


@given(start=st.integers(1_700_000_000, 2_000_000_000), days=st.integers(0, 31))
def test_cap_is_after_the_start_and_never_over_31_days_and_an_hour(start: int, days: int) -> None:
    began = UtcUs(start * 1_000_000)
    assert 0 < deadline_utc_us(began, days, PARIS) - began <= 31 * US_PER_DAY + 3_600_000_000
