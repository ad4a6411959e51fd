"""What the system needs from one phase on, and what is bought for it. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Final

from nvr.app.capacity.measured import Measured, Recorded
from nvr.app.capacity.prices import Phase, Prices, Status

USABLE_SHARE: Final = 0.97
"""What a file system and the reserve of recording leave of a new disk."""

_DAY_S: Final = 86_400
_YEAR_HOURS: Final = 8766


@dataclass(frozen=True, slots=True)
class Running:
    """What everything that runs draws, in watts, and costs a year, in euros."""

    watts: float
    electricity: float
    maintenance: float
    renewal: float

    @property
    def a_year(self) -> float:
        """All of it."""
        return self.electricity + self.maintenance + self.renewal


@dataclass(frozen=True, slots=True)
class Stage:
    """The system from one phase on, with what is bought for it. Money in euros, without tax unless the file has it."""

    name: str
    status: Status
    begins: date
    added: int
    cameras: int
    daily_bytes: int
    need_bytes: int
    """For the order's days, with the margin."""
    minimum_bytes: int
    room_bytes: int
    disks: int
    disks_to_buy: int
    bays_missing: int
    days_kept: int
    network_mbit: float
    network_percent: float
    switches_to_buy: int
    bought: float
    subsidy: float
    running: Running


class Growing:
    """The system as phases are added to it, each with what has to be bought for it."""

    def __init__(self, now: Measured, prices: Prices) -> None:
        self._now = now
        self._prices = prices
        self._cameras = list(now.cameras)
        self._rooms = list(now.rooms_bytes)
        self._switches = ceil(len(now.cameras) / prices.network.switch_ports)
        days = sorted(each.days for each in now.cameras)
        self.days = days[len(days) // 2]
        self.minimum_days = sorted(each.minimum_days for each in now.cameras)[len(days) // 2]
        self._disks_bought = 0

    def typical_bytes(self, phase: Phase) -> int:
        """What a day brings of one camera of the phase."""
        mbit = phase.mbit or self._prices.camera.mbit
        if mbit is not None:
            return round(mbit * 1_000_000 / 8 * _DAY_S)
        return self._now.daily_bytes // len(self._now.cameras)

    def add(self, phase: Phase) -> Stage:
        """The system with the phase."""
        one = Recorded("", self.typical_bytes(phase), self.days, self.minimum_days)
        self._cameras += [one] * phase.cameras
        return self.stage(phase)

    def stage(self, phase: Phase | None = None) -> Stage:
        """The system as it is by now; `phase` is what was added last."""
        added = 0 if phase is None else phase.cameras
        prices, cameras = self._prices, self._cameras
        need = self._needed_bytes(max(each.days for each in cameras))
        disks = self._disks_for(need)
        self._rooms += [_usable_bytes(prices)] * disks
        self._disks_bought += disks
        ports = ceil(len(cameras) / prices.network.switch_ports)
        switches, self._switches = max(0, ports - self._switches), max(ports, self._switches)
        bought = added * prices.camera.euros + disks * prices.disk.euros + switches * prices.network.switch_euros
        daily = sum(each.daily_bytes for each in cameras)
        mbit = daily * 8 / _DAY_S / 1_000_000
        room = sum(self._rooms)
        return Stage(
            name="" if phase is None else phase.name,
            status=Status.INSTALLED if phase is None else phase.status,
            begins=self._now.day if phase is None else phase.begins,
            added=added,
            cameras=len(cameras),
            daily_bytes=daily,
            need_bytes=need,
            minimum_bytes=sum(with_margin(each.daily_bytes * each.minimum_days, prices) for each in cameras),
            room_bytes=room,
            disks=len(self._rooms),
            disks_to_buy=disks,
            bays_missing=max(0, self._disks_bought - _bays(prices, self._disks_bought)),
            days_kept=self.days_kept(),
            network_mbit=mbit,
            network_percent=100 * mbit / prices.network.link_mbit,
            switches_to_buy=switches,
            bought=bought,
            subsidy=0.0 if phase is None else bought * phase.subsidy_percent / 100,
            running=_running(len(cameras), len(self._rooms), self._switches, prices),
        )

    def days_kept(self, *, lost: int = 0) -> int:
        """The days that fit, of each camera at most its own, without the `lost` largest disks.

        What is destroyed for want of room is the oldest of all cameras, so that all lose the same days.
        """
        room, most = _left(self._rooms, lost), max(each.days for each in self._cameras)
        fits = (days for days in range(most, 0, -1) if self._needed_bytes(days) <= room)
        return next(fits, 0)

    def _needed_bytes(self, most_days: int) -> int:
        return sum(
            with_margin(each.daily_bytes * (min(most_days, each.days) + 1), self._prices) for each in self._cameras
        )

    def _disks_for(self, need_bytes: int) -> int:
        """How many more: so that the days are kept although the largest `spare` of them died."""
        spare, usable = self._prices.disk.spare, _usable_bytes(self._prices)

        def suffice(bought: int) -> bool:
            return _left([*self._rooms, *[usable] * bought], spare) >= need_bytes

        most = ceil(need_bytes / usable) + spare
        return bisect_left(range(most), True, key=suffice)


def _running(cameras: int, disks: int, switches: int, prices: Prices) -> Running:
    kinds = (
        (cameras, prices.camera.euros, prices.camera.watts, prices.camera.years),
        (disks, prices.disk.euros, prices.disk.watts, prices.disk.years),
        (switches, prices.network.switch_euros, prices.network.switch_watts, prices.network.years),
    )
    watts = prices.running.server_watts + sum(count * each for count, _, each, _ in kinds)
    return Running(
        watts=watts,
        electricity=watts * _YEAR_HOURS / 1000 * prices.running.euros_per_kwh,
        maintenance=sum(count * euros for count, euros, _, _ in kinds) * prices.running.maintenance_percent / 100,
        renewal=sum(count * euros / years for count, euros, _, years in kinds),
    )


def _usable_bytes(prices: Prices) -> int:
    return int(prices.disk.terabytes * 10**12 * USABLE_SHARE)


def _bays(prices: Prices, wanted: int) -> int:
    return wanted if prices.disk.free_bays is None else prices.disk.free_bays


def with_margin(size_bytes: int, prices: Prices) -> int:
    """A size as it may become."""
    return round(size_bytes * (100 + prices.margin_percent) / 100)


def _left(rooms_bytes: Sequence[int], lost: int) -> int:
    """The room without the `lost` largest disks."""
    return sum(sorted(rooms_bytes)[: len(rooms_bytes) - lost]) if lost < len(rooms_bytes) else 0
