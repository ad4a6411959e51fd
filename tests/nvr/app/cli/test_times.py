"""Instants as people write them: the town's local time, and the two 02:30 of the October night."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.app.cli.times import parse_instant, parse_minutes, show_instant
from nvr.base.errors import InvalidValue
from nvr.base.units import US_PER_SECOND

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-07-01 14:05", "2026-07-01 14:05:00+02:00"),
        ("2026-12-01T14:05:30", "2026-12-01 14:05:30+01:00"),
        ("2026-12-01 13:05:30Z", "2026-12-01 14:05:30+01:00"),
        ("2026-12-01", "2026-12-01 00:00:00+01:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25 02:30:00+02:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25 02:30:00+01:00"),
    ],
)
def test_local_time_is_meant_unless_an_offset_says_otherwise(text: str, shown: str) -> None:
    assert show_instant(parse_instant("--from", text, PARIS), PARIS) == shown


def test_time_that_comes_twice_must_say_which_one_is_meant() -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_instant("--from", "2026-10-25 02:30", PARIS)
    expected = str(caught.value.fields["expected"])
    assert "2026-10-25 02:30+02:00 or 2026-10-25 02:30+01:00" in expected


def test_time_that_never_comes_is_refused() -> None:
    with pytest.raises(InvalidValue, match="exists that day"):
        parse_instant("--from", "2026-03-29 02:30", PARIS)


@pytest.mark.parametrize("text", ["", "yesterday", "14:05", "2026-02-30 10:00", "2026-13-01"])
def test_what_is_no_instant_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_instant("--to", text, PARIS)
    assert caught.value.field == "--to"


@given(seconds=st.integers(0, 4_000_000_000))
def test_what_is_shown_is_read_as_the_same_instant(seconds: int) -> None:
    utc_us = seconds * US_PER_SECOND
    assert parse_instant("--from", show_instant(utc_us, PARIS), PARIS) == utc_us


@pytest.mark.parametrize(("text", "minutes"), [("30m", 30), ("2h", 120), ("1h30m", 90), (" 5M ", 5)])
def test_length_of_time_is_read_as_people_write_it(text: str, minutes: int) -> None:
    assert parse_minutes("--for", text) == minutes


@pytest.mark.parametrize("text", ["", "30", "h", "m", "30s", "-5m", "1m1h", "٣m"])
def test_what_is_no_length_of_time_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_minutes("--for", text)
    assert caught.value.fields["field"] == "--for"
