"""Which holds there are, what each of them keeps, and what is lost of that."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.holds.awaiting import is_old
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.index.on_evidence import Kept
from storage.index.on_volume import LostStretch, Total
from storage.register import tables
from storage.register.register import Register

PATIENCE_S: Final = 20.0
"""A list of holds does not wait any longer for what the index says of them."""

MOST_DAYS: Final = 3650

_Found: TypeAlias = tuple[Mapping[str, Kept], Sequence[LostStretch]]
_NOTHING: Final = Kept(Total(0, 0), Total(0, 0))


class HoldListing:
    """The act that lists holds."""

    def __init__(self, register: Register, index: IndexPort, clock: Clock) -> None:
        self._register = register
        self._index = index
        self._clock = clock

    async def list(self, person: Person, args: Arguments) -> Json:
        """All holds, the newest first, each with what it keeps, once and twice, and what is lost of it.

        With `old_days`, those alone that run, are so old or unanswered, and keep footage or may come to. What the index
        says is null while it can not be read: what is held is in the register. Raises Denied, InvalidValue.
        """
        old_days = args.optional_integer("old_days", least=0, most=MOST_DAYS)
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.HOLD_LIST, NOTHING, now)
        which = true() if old_days is None else is_old(now, old_days)
        holds = await self._register.read(lambda session: _newest_first(session, which))
        found = await self._found(now)
        listed = [hold | _of_index(hold["hold"], found) for hold in holds]
        return [hold for hold in listed if old_days is None or hold["kept_bytes"] != 0 or hold["to_utc_us"] > now]

    async def _found(self, now_utc_us: UtcUs) -> _Found | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._index.kept_by_hold(now_utc_us), await self._index.lost_under_hold(now_utc_us)
        except (NvrError, TimeoutError):
            return None


def _newest_first(session: Session, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    newest = (
        select(tables.Hold, tables.Requisition.state)
        .outerjoin(tables.Requisition, tables.Requisition.requisition == tables.Hold.requisition)
        .where(which)
        .order_by(tables.Hold.placed_utc_us.desc(), tables.Hold.hold)
    )
    return [as_json(hold) | {"requisition_state": state} for hold, state in session.execute(newest)]


def _of_index(hold: str, found: _Found | None) -> dict[str, Any]:
    if found is None:
        return {"kept_bytes": None, "copies": None, "lost": None}
    by_hold, lost = found
    kept = by_hold.get(hold, _NOTHING)
    lost_of_it = [_lost(one) for one in lost if one.hold == hold]
    return {"kept_bytes": kept.bytes, "copies": asdict(kept), "lost": lost_of_it}


def _lost(one: LostStretch) -> dict[str, Any]:
    return {
        "camera": one.stretch.camera,
        "from_utc_us": one.stretch.from_utc_us,
        "to_utc_us": one.stretch.to_utc_us,
        "segments": one.stretch.segments,
        "why": one.why,
        "lost_utc_us": one.lost_utc_us,
    }
