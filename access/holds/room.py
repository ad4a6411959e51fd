"""How much of the room for footage holds keep, with one of them and without it: for a decision, and for the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.ports import IndexPort
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from nvr.base.units import MAX_PERSISTED_INT, US_PER_DAY, UtcUs
from storage.holds import Interval, held_times
from storage.index.rows import HoldScope
from storage.ledger.people import RoomKept
from storage.register import tables
from storage.register.register import Register

PATIENCE_S: Final = 20.0
"""Whoever placed the hold waits to be told; the hold itself does not."""


class HoldRoom:
    """Measures holds. The room is what the keeper estimated last, what they keep is what the index has now."""

    def __init__(
        self,
        register: Register,
        index: IndexPort,
        forecast: Callable[[], Awaitable[Json]],
        clock: Clock,
        *,
        limit_percent: int,
    ) -> None:
        """`forecast`: the keeper's (`storage.forecast.Forecast`)."""
        self._register = register
        self._index = index
        self._forecast = forecast
        self._clock = clock
        self._unknown = RoomKept(limit_permille=limit_percent * 10, before_permille=None, with_permille=None)

    async def with_hold(self, hold: str) -> RoomKept:
        """What all holds that run keep with this one of them, and without it.

        Unknown where keeper or index do not answer in time.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._measured(hold)
        except (NvrError, TimeoutError):
            return self._unknown

    async def _measured(self, hold: str) -> RoomKept:
        forecast: Any = await self._forecast() or {}
        room_bytes = sum(max(0, volume.get("room_bytes", 0)) for volume in forecast.get("volumes", ()))
        if not room_bytes:
            return self._unknown
        now, daily_bytes = self._clock.utc_us(), forecast.get("daily_bytes", {})
        running = await self._register.read(lambda session: running_scopes(session, now))
        before = kept_times([scope for scope in running if scope.hold != hold], now)
        after = kept_times(running, now)
        kept = await self._index.kept_bytes(before) + bytes_to_come(before, daily_bytes, now)
        kept_with = await self._index.kept_bytes(after) + bytes_to_come(after, daily_bytes, now)
        shares = {"before_permille": _permille(kept, room_bytes), "with_permille": _permille(kept_with, room_bytes)}
        return self._unknown.model_copy(update=shares)


def running_scopes(session: Session, now_utc_us: UtcUs) -> list[HoldScope]:
    """Every hold that neither ended nor ran out, camera by camera."""
    hold = tables.Hold
    runs = hold.until_utc_us.is_(None) | (hold.until_utc_us > now_utc_us)
    return [
        HoldScope(
            hold=row.hold,
            camera=CameraId(camera),
            from_utc_us=UtcUs(row.from_utc_us),
            to_utc_us=UtcUs(row.to_utc_us),
            until_utc_us=None if row.until_utc_us is None else UtcUs(row.until_utc_us),
            ledger_index=0,
        )
        for row in session.scalars(select(hold).where(hold.ended.is_(False), runs))
        for camera in row.cameras
    ]


def kept_times(scopes: Iterable[HoldScope], now_utc_us: UtcUs) -> Mapping[str, tuple[Interval, ...]]:
    """What holds keep, camera by camera; nothing that begins after a hold has run out."""
    return held_times(
        (
            scope if scope.until_utc_us is None else replace(scope, to_utc_us=min(scope.to_utc_us, scope.until_utc_us))
            for scope in scopes
        ),
        now_utc_us,
    )


def bytes_to_come(times: Mapping[str, Iterable[Interval]], daily_bytes: Mapping[str, int], now_utc_us: UtcUs) -> int:
    """What the cameras will write in these times from now on, at the rates of the last week."""
    return sum(
        daily_bytes.get(camera, 0) * max(0, last - max(first, now_utc_us)) // US_PER_DAY
        for camera, intervals in times.items()
        for first, last in intervals
    )


def _permille(kept_bytes: int, room_bytes: int) -> int:
    return min(kept_bytes * 1000 // room_bytes, MAX_PERSISTED_INT)
