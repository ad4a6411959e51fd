"""When disks will run short, from what is written and what becomes due. Pure.

An estimate: cameras go on as in the last week, each on its volume, and holds stay. It counts in days: what
began on a day (UTC) is taken as due when the last of that day is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from nvr.base.units import US_PER_DAY, UtcUs
from storage.deadline import deadline_utc_us
from storage.retention import Rules

HORIZON_DAYS: Final = 40
"""Longer than any rule: what is still well by then stays so."""

MINIMUM_AT_RISK: Final = "minimum-at-risk"
"""The id of the text that says so."""

NOTICE_US: Final = 7 * US_PER_DAY
"""So long before footage can not be kept as long as its order demands, a person is told."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Footage of one camera that began on one day (UTC) and lies on a volume; `held` of it is kept by holds."""

    camera: str
    day_utc_us: UtcUs
    file_bytes: int
    held_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """A volume as it is: its room, how much of that recording needs free, what lies there, what a day brings."""

    volume: str
    free_bytes: int
    reserve_bytes: int
    stock: Sequence[Stock]
    daily_bytes: Mapping[str, int]
    """By camera."""


@dataclass(frozen=True, slots=True)
class VolumeForecast:
    """One volume. `pressure_utc_us`: when footage will be destroyed before its time for want of room.

    `full_utc_us`: when that is no help any more, and recording moves on. None: not within the horizon.
    """

    volume: str
    free_bytes: int
    daily_bytes: int
    due_bytes: int
    """Of the next seven days."""
    pressure_utc_us: UtcUs | None
    full_utc_us: UtcUs | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Every volume, and when all of them together can not keep what the orders demand (None: not soon)."""

    made_utc_us: UtcUs
    volumes: tuple[VolumeForecast, ...]
    minimum_at_risk_utc_us: UtcUs | None


def forecast(loads: Sequence[Load], rules: Rules, now_utc_us: int) -> Forecast:
    """What is due to come on these volumes."""
    volumes = tuple(_volume(load, rules, now_utc_us) for load in loads)
    together = [sum(each) for each in zip(*(_spare(load, rules, now_utc_us) for load in loads), strict=True)]
    return Forecast(UtcUs(now_utc_us), volumes, _first_below(together, 0, now_utc_us))


def _volume(load: Load, rules: Rules, now_utc_us: int) -> VolumeForecast:
    return VolumeForecast(
        volume=load.volume,
        free_bytes=load.free_bytes,
        daily_bytes=sum(load.daily_bytes.values()),
        due_bytes=sum(
            one.file_bytes - one.held_bytes
            for one in load.stock
            if _due_utc_us(rules, one.camera, one.day_utc_us) <= now_utc_us + 7 * US_PER_DAY
        ),
        pressure_utc_us=_first_below(_free(load, rules, now_utc_us), load.reserve_bytes, now_utc_us),
        full_utc_us=_first_below(_spare(load, rules, now_utc_us), 0, now_utc_us),
    )


def _free(load: Load, rules: Rules, now_utc_us: int) -> list[int]:
    """The free room at the beginning of each day from now on, if only what is due is destroyed."""
    ends = [(one.file_bytes - one.held_bytes, _due_utc_us(rules, one.camera, one.day_utc_us)) for one in load.stock]
    ends += [
        (size, _due_utc_us(rules, camera, now_utc_us + day * US_PER_DAY))
        for camera, size in load.daily_bytes.items()
        for day in range(HORIZON_DAYS)
    ]
    daily = sum(load.daily_bytes.values())
    return [
        load.free_bytes - day * daily + sum(size for size, end in ends if end <= now_utc_us + day * US_PER_DAY)
        for day in range(HORIZON_DAYS + 1)
    ]


def _spare(load: Load, rules: Rules, now_utc_us: int) -> list[int]:
    """The room that is left at the beginning of each day when all is destroyed that may be."""
    room = load.free_bytes + sum(one.file_bytes for one in load.stock) - load.reserve_bytes
    needed = [
        (one.file_bytes - one.held_bytes, _minimum_utc_us(rules, one.camera, one.day_utc_us)) for one in load.stock
    ]
    held = sum(one.held_bytes for one in load.stock)
    new = [
        (size, day, _minimum_utc_us(rules, camera, now_utc_us + day * US_PER_DAY))
        for camera, size in load.daily_bytes.items()
        for day in range(HORIZON_DAYS)
    ]
    spare = []
    for day in range(HORIZON_DAYS + 1):
        at = now_utc_us + day * US_PER_DAY
        old = sum(size for size, until in needed if until > at)
        spare.append(room - held - old - sum(size for size, begun, until in new if begun < day and until > at))
    return spare


def _due_utc_us(rules: Rules, camera: str, day_utc_us: int) -> int:
    last = UtcUs(day_utc_us + US_PER_DAY - 1)
    return deadline_utc_us(last, rules.rule(camera, last).days, rules.zone)


def _minimum_utc_us(rules: Rules, camera: str, day_utc_us: int) -> int:
    """Until when footage of that day must be kept; where the order demands nothing, until it began."""
    last = UtcUs(day_utc_us + US_PER_DAY - 1)
    days = rules.rule(camera, last).minimum_days
    return deadline_utc_us(last, days, rules.zone) if days else 0


def _first_below(daily: Sequence[int], least: int, now_utc_us: int) -> UtcUs | None:
    """When the value falls below `least`, in even steps between the days; None: it does not."""
    for day, (before, after) in enumerate(pairwise(daily)):
        if before < least:
            return UtcUs(now_utc_us + day * US_PER_DAY)
        if after < least:
            return UtcUs(now_utc_us + day * US_PER_DAY + (before - least) * US_PER_DAY // (before - after))
    return None
