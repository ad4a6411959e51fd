"""Which holds there are, what each of them keeps, and what is lost of that."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.ids import HoldId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.index.on_volume import LostStretch
from storage.register import tables
from storage.register.register import Register

PATIENCE_S: Final = 20.0
"""A list of holds does not wait any longer for what the index says of them."""

_Found: TypeAlias = tuple[Mapping[HoldId, int], Sequence[LostStretch]]


class HoldListing:
    """The act that lists holds."""

    def __init__(self, register: Register, index: IndexPort, clock: Clock) -> None:
        self._register = register
        self._index = index
        self._clock = clock

    async def list(self, person: Person, args: Arguments) -> Json:
        """All holds, the newest first, each with the bytes that it keeps and what is lost of what it covers.

        Both are null while the index can not be read: what is held is in the register. Raises Denied.
        """
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.HOLD_LIST, NOTHING, now)
        holds = await self._register.read(_newest_first)
        found = await self._found(now)
        return [hold | _of_index(hold["hold"], found) for hold in holds]

    async def _found(self, now_utc_us: UtcUs) -> _Found | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._index.kept_by_hold(now_utc_us), await self._index.lost_under_hold(now_utc_us)
        except (NvrError, TimeoutError):
            return None


def _newest_first(session: Session) -> list[dict[str, Any]]:
    newest = select(tables.Hold).order_by(tables.Hold.placed_utc_us.desc(), tables.Hold.hold)
    return [as_json(hold) for hold in session.scalars(newest)]


def _of_index(hold: str, found: _Found | None) -> dict[str, Any]:
    if found is None:
        return {"kept_bytes": None, "lost": None}
    kept, lost = found
    return {"kept_bytes": kept.get(HoldId(hold), 0), "lost": [_lost(one) for one in lost if one.hold == hold]}


def _lost(one: LostStretch) -> dict[str, Any]:
    return {
        "camera": one.stretch.camera,
        "from_utc_us": one.stretch.from_utc_us,
        "to_utc_us": one.stretch.to_utc_us,
        "segments": one.stretch.segments,
        "why": one.why,
        "lost_utc_us": one.lost_utc_us,
    }
