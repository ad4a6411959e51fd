"""UTC days, by which files are laid out in directories and keyrings; and local days, by which people count."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from nvr.base.units import US_PER_SECOND, UtcUs

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def utc_day(utc_us: int) -> str:
    """The UTC day of an instant, as YYYYMMDD."""
    return datetime.fromtimestamp(utc_us // US_PER_SECOND, UTC).strftime("%Y%m%d")


def utc_day_end_us(day: str) -> int:
    """The first instant after a UTC day YYYYMMDD. Raises ValueError if it is none."""
    end = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return int(end.timestamp()) * US_PER_SECOND


def day_of(utc_us: int, zone: tzinfo) -> date:
    """The local day of an instant."""
    return (_EPOCH + utc_us * _MICROSECOND).astimezone(zone).date()


def bounds_of(day: date, zone: tzinfo) -> tuple[UtcUs, UtcUs]:
    """When the local day begins, and when the next one does."""
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return UtcUs((begin - _EPOCH) // _MICROSECOND), UtcUs((end - _EPOCH) // _MICROSECOND)
