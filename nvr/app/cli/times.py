"""Instants as people write them on the command line, and as they read them.

`2026-10-25 14:05` is local time of the system's zone; `2026-10-25 02:30+01:00` and `...Z` say which one is meant.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from nvr.base.errors import InvalidValue
from nvr.base.units import UtcUs

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED: Final = "a date and a time, for example 2026-10-25 14:05 or 2026-10-25T14:05:00+02:00"


def parse_instant(field: str, text: str, zone: ZoneInfo) -> UtcUs:
    """The instant in UTC microseconds.

    Raises:
        InvalidValue: it is not an instant; or a local time that comes twice or never in this zone.
    """
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidValue(field=field, value=text, expected=_EXPECTED) from error
    if when.tzinfo is None:
        when = _local(field, text, when, zone)
    return UtcUs((when - _EPOCH) // timedelta(microseconds=1))


def parse_minutes(field: str, text: str) -> int:
    """A length of time in minutes: `30m`, `2h`, `1h30m`. Raises InvalidValue: it is none."""
    found = re.fullmatch(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m)?", text.strip().lower())
    if found is None or not any(found.groups()):
        raise InvalidValue(field=field, value=text, expected="a length of time, for example 30m, 2h or 1h30m")
    hours, minutes = (int(part or 0) for part in found.groups())
    return hours * 60 + minutes


def show_instant(utc_us: int, zone: ZoneInfo) -> str:
    """Local time with its offset, which tells the two 02:30 of the October night apart."""
    return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone).isoformat(" ", "seconds")


def show_day(utc_us: int, zone: ZoneInfo) -> str:
    """The local day on which the instant lies."""
    return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone).date().isoformat()


def _local(field: str, text: str, when: datetime, zone: ZoneInfo) -> datetime:
    first, second = (when.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    # Python's fold: in the gap of spring the offsets differ as well, but the time does not survive the way through UTC.
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == when
    offsets = " or ".join(f"{text}{each.isoformat()[-6:]}" for each in (first, second))
    raise InvalidValue(
        field=field,
        value=text,
        expected=f"{offsets}: this local time comes twice that night"
        if exists
        else "a local time that exists that day",
    )
