"""The UTC day of an instant, by which files are laid out in directories and keyrings."""

from datetime import UTC, datetime, timedelta

from nvr.base.units import US_PER_SECOND


def utc_day(utc_us: int) -> str:
    """The UTC day of an instant, as YYYYMMDD."""
    return datetime.fromtimestamp(utc_us // US_PER_SECOND, UTC).strftime("%Y%m%d")


def utc_day_end_us(day: str) -> int:
    """The first instant after a UTC day YYYYMMDD. Raises ValueError if it is none."""
    end = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return int(end.timestamp()) * US_PER_SECOND
