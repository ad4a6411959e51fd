"""When footage must be destroyed at the latest: the cap that nothing lengthens (CSI L252-5; DESIGN.md "Time"). Pure."""

import calendar
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from nvr.base.units import UtcUs

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def deadline_utc_us(start_utc_us: UtcUs, days: int, zone: tzinfo) -> UtcUs:
    """The cap for footage that began at `start_utc_us` under an order of `days` days.

    The earlier of the end of the local day date(start) + `days`, and one calendar month after the start at the same
    local wall time, on the month's last day where it is shorter. Where the clocks are changed, a wall time that comes
    twice or never counts as the earlier instant.
    """
    local = (_EPOCH + start_utc_us * _MICROSECOND).astimezone(zone)
    end_of_day = datetime.combine(local.date() + timedelta(days=days + 1), time(), zone)
    return min(_instant(end_of_day), _instant(_month_later(local)))


def _month_later(local: datetime) -> datetime:
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)  # noqa: PLR2004 -- December
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


def _instant(local: datetime) -> UtcUs:
    return min(UtcUs((local.replace(fold=fold) - _EPOCH) // _MICROSECOND) for fold in (0, 1))
