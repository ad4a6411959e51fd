"""What cameras need once they are there: room, disks, network, electricity, money; phase by phase. Pure.

What is recorded now counts with what was measured; what is to come with the same, or with what the town says of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from nvr.app.capacity.measured import Measured
from nvr.app.capacity.prices import Phase, Prices, Status
from nvr.app.capacity.stages import Growing, Stage, with_margin

_HORIZON_DAYS: Final = 730
"""The chart's least length, and how far the day is looked for on which disks are full."""

_LONG_AGO: Final = timedelta(days=366)
"""Longer than any rule: what is recorded now counts as full."""


@dataclass(frozen=True, slots=True)
class Month:
    """One point of the chart: what the order's days need, what the minimum needs, the room with and without buying."""

    day: date
    need_bytes: int
    minimum_bytes: int
    room_bytes: int
    room_today_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`stages`: now, then each phase that is not installed. `full_on`: when the disks of today no longer suffice.

    `days`: of the order, for most cameras. `kept_days` of them fit on the disks of today, `kept_days_after_loss` on
    what is left when the largest dies.
    """

    days: int
    kept_days: int
    kept_days_after_loss: int
    installed: tuple[Phase, ...]
    stages: tuple[Stage, ...]
    months: tuple[Month, ...]
    full_on: date | None


def plan(now: Measured, prices: Prices, added: int = 0) -> Plan:
    """Stage by stage; `added` cameras without a phase of the file come at once. What is past and not installed, too."""
    coming = [each for each in prices.phase if each.status is not Status.INSTALLED]
    if added:
        coming.append(Phase(name=f"+{added}", begins=now.day, cameras=added, status=Status.STUDIED))
    phases = [each.model_copy(update={"begins": max(each.begins, now.day)}) for each in coming]
    phases.sort(key=lambda each: each.begins)
    growing = Growing(now, prices)
    kept_days, kept_days_after_loss = growing.days_kept(), growing.days_kept(lost=1)
    stages = (growing.stage(), *(growing.add(each) for each in phases))
    groups = [_Group(now.day - _LONG_AGO, each.daily_bytes, each.days, each.minimum_days) for each in now.cameras]
    groups += [
        _Group(each.begins, each.cameras * growing.typical_bytes(each), growing.days, growing.minimum_days)
        for each in phases
    ]
    end = max([now.day + timedelta(days=_HORIZON_DAYS), *(each.begins + timedelta(days=183) for each in phases)])
    return Plan(
        days=growing.days,
        kept_days=kept_days,
        kept_days_after_loss=kept_days_after_loss,
        installed=tuple(each for each in prices.phase if each.status is Status.INSTALLED),
        stages=stages,
        months=tuple(_months(now, groups, stages, prices, end)),
        full_on=_full_on(now, groups, prices, end),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """Cameras that begin together."""

    begins: date
    daily_bytes: int
    days: int
    minimum_days: int

    def kept_bytes(self, day: date, days: int) -> int:
        return self.daily_bytes * max(0, min((day - self.begins).days, days))


def _kept(groups: Sequence[_Group], day: date, prices: Prices) -> int:
    return with_margin(sum(each.kept_bytes(day, each.days + 1) for each in groups), prices)


def _full_on(now: Measured, groups: Sequence[_Group], prices: Prices, end: date) -> date | None:
    room, day = sum(now.rooms_bytes), now.day
    while day <= end:
        if _kept(groups, day, prices) > room:
            return day
        day += timedelta(days=1)
    return None


def _months(
    now: Measured, groups: Sequence[_Group], stages: Sequence[Stage], prices: Prices, end: date
) -> Iterator[Month]:
    day = now.day
    while day <= end:
        yield Month(
            day=day,
            need_bytes=_kept(groups, day, prices),
            minimum_bytes=with_margin(sum(each.kept_bytes(day, each.minimum_days) for each in groups), prices),
            room_bytes=next(each.room_bytes for each in reversed(stages) if each.begins <= day),
            room_today_bytes=sum(now.rooms_bytes),
        )
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
