"""Who asked for the same footage before: requisitions, and holds without one, that share cameras and time."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from access.footage.countdown import Asked
from storage.register import tables

MOST_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Overlap:
    """What is shared with an earlier request: `cameras`, [from, to). `keeps`: a hold of it runs, to `until_utc_us`.

    `same_authority_number` is None where either has none. `is_same`: it asks for the very same, no more and no less.
    """

    requisition: str | None
    hold: str | None
    state: str | None
    cameras: tuple[str, ...]
    from_utc_us: int
    to_utc_us: int
    keeps: bool
    until_utc_us: int | None
    same_authority_number: bool | None
    is_same: bool
    asked_utc_us: int


def overlaps(
    session: Session,
    asked: Asked,
    now_utc_us: int,
    *,
    authority_number: str | None = None,
    but: Iterable[str | None] = (),
) -> list[Overlap]:
    """The newest first, without the requisitions and holds of `but`."""
    without = {name for name in but if name is not None}
    found = [
        *_requisitions(session, asked, now_utc_us, authority_number),
        *_holds_alone(session, asked, now_utc_us),
    ]
    told = [one for one in found if one.cameras and not {one.requisition, one.hold} & without]
    return sorted(told, key=lambda one: (one.asked_utc_us, one.requisition or ""), reverse=True)


def duplicate_of(found: Iterable[Overlap]) -> str | None:
    """The first requisition under the same authority's number that asks for the very same."""
    same = [one for one in found if one.same_authority_number and one.is_same and one.requisition is not None]
    return min((one.requisition or "" for one in same), default=None)


def as_told(found: list[Overlap], *, by_name: bool) -> dict[str, Any]:
    """`overlaps`, at most `MOST_TOLD`, and how many there are; without `by_name` only that something keeps it."""
    told = [asdict(one) for one in found if by_name or one.keeps]
    if not by_name:
        hidden = dict.fromkeys(("requisition", "hold", "state", "same_authority_number", "is_same", "asked_utc_us"))
        told = [{**one, **hidden} for one in told]
    return {"overlaps": told[:MOST_TOLD], "overlaps_in_all": len(told)}


def _requisitions(session: Session, asked: Asked, now_utc_us: int, number: str | None) -> Iterable[Overlap]:
    asks = tables.Requisition.from_utc_us < asked.to_utc_us, tables.Requisition.to_utc_us > asked.from_utc_us
    its_hold = tables.Requisition.hold == tables.Hold.hold
    holds = {
        hold.hold: hold for hold in session.scalars(select(tables.Hold).join(tables.Requisition, its_hold).where(*asks))
    }
    for row in session.scalars(select(tables.Requisition).where(*asks)):
        hold = None if row.hold is None else holds.get(row.hold)
        yield Overlap(
            requisition=row.requisition,
            hold=row.hold,
            state=row.state,
            **_shared(row, asked),
            keeps=hold is not None and _runs(hold, now_utc_us),
            until_utc_us=None if hold is None else hold.until_utc_us,
            same_authority_number=_is_same_number(row.authority_number, number),
            asked_utc_us=row.received_utc_us,
        )


def _holds_alone(session: Session, asked: Asked, now_utc_us: int) -> Iterable[Overlap]:
    """Of these those that run: one that is over keeps nothing, and nobody asks any more."""
    runs = or_(tables.Hold.until_utc_us.is_(None), tables.Hold.until_utc_us > now_utc_us)
    query = select(tables.Hold).where(
        tables.Hold.requisition.is_(None),
        tables.Hold.ended.is_(False),
        runs,
        tables.Hold.from_utc_us < asked.to_utc_us,
        tables.Hold.to_utc_us > asked.from_utc_us,
    )
    for row in session.scalars(query):
        yield Overlap(
            requisition=None,
            hold=row.hold,
            state=None,
            **_shared(row, asked),
            keeps=True,
            until_utc_us=row.until_utc_us,
            same_authority_number=None,
            asked_utc_us=row.placed_utc_us,
        )


def _shared(row: tables.Requisition | tables.Hold, asked: Asked) -> dict[str, Any]:
    scope = (frozenset(row.cameras), row.from_utc_us, row.to_utc_us)
    return {
        "cameras": tuple(sorted({*row.cameras} & {*asked.cameras})),
        "from_utc_us": max(row.from_utc_us, asked.from_utc_us),
        "to_utc_us": min(row.to_utc_us, asked.to_utc_us),
        "is_same": scope == (frozenset(asked.cameras), asked.from_utc_us, asked.to_utc_us),
    }


def _runs(hold: tables.Hold, now_utc_us: int) -> bool:
    return not hold.ended and (hold.until_utc_us is None or hold.until_utc_us > now_utc_us)


def _is_same_number(one: str | None, other: str | None) -> bool | None:
    if one is None or other is None:
        return None
    return _number(one) == _number(other)


def _number(text: str) -> str:
    """As it counts: case and spaces do not."""
    return "".join(text.split()).casefold()
