"""What an entry changes in the life of a segment (docs/design/storage.md, "The life of a segment").

Each change names the states that it leaves, so that any entry may come at any time: what does not fit changes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, not_, null, update

from storage.index.conditions import in_states, is_held, is_in
from storage.index.tables import SEGMENT, SegmentState

EXISTING = (SegmentState.SEALED, SegmentState.LOST)
"""What may be destroyed: lost footage is judged like all other."""


DISCARDED: Final = "its volume was taken out for good"


def doom(connection: Connection, segs: Collection[str], reason: str, now_utc_us: int) -> None:
    """The destruction of these is in the ledger: Doomed, but for those that a hold covers."""
    connection.execute(
        update(SEGMENT)
        .where(SEGMENT.c.seg.in_(list(segs)), in_states(EXISTING), not_(is_held(now_utc_us)))
        .values(state=int(SegmentState.DOOMED), expire_reason=reason)
    )


def destroyed(connection: Connection, segs: Collection[str], when_utc_us: int) -> None:
    """These are Gone, whatever they were: who destroyed them says so. What is told again was destroyed before."""
    connection.execute(
        update(SEGMENT)
        .where(SEGMENT.c.seg.in_(list(segs)), SEGMENT.c.state != int(SegmentState.GONE))
        .values(state=int(SegmentState.GONE), expired_utc_us=when_utc_us)
    )


def lost(connection: Connection, seg: str, when_utc_us: int, why: str) -> None:
    """The segment was not where it had been: Lost since then. A doomed one stays doomed, and is known to be lost."""
    _lose(connection, SEGMENT.c.seg == seg, when_utc_us, why)


def lost_with(connection: Connection, volume: str, when_utc_us: int) -> None:
    """All that lies on a volume is lost since then, with it."""
    _lose(connection, SEGMENT.c.volume == volume, when_utc_us, DISCARDED)


def _lose(connection: Connection, which: ColumnElement[bool], when_utc_us: int, why: str) -> None:
    was = [SegmentState.SEALED, SegmentState.DOOMED]
    connection.execute(
        update(SEGMENT)
        .where(which, in_states(was), SEGMENT.c.lost_utc_us.is_(None))
        .values(
            state=case((is_in(SegmentState.SEALED), int(SegmentState.LOST)), else_=SEGMENT.c.state),
            lost_utc_us=when_utc_us,
            lost_why=why,
        )
    )


def found(connection: Connection, again: Mapping[str, Any]) -> None:
    """A lost segment is there again, whole, on this volume: Sealed, or still doomed."""
    was = [SegmentState.LOST, SegmentState.DOOMED]
    connection.execute(
        update(SEGMENT)
        .where(SEGMENT.c.seg == again["seg"], in_states(was), SEGMENT.c.lost_utc_us.is_not(None))
        .values(
            state=case((is_in(SegmentState.LOST), int(SegmentState.SEALED)), else_=SEGMENT.c.state),
            volume=again["volume"],
            lost_utc_us=null(),
            lost_why=null(),
        )
    )


def take_back(connection: Connection, now_utc_us: int) -> None:
    """Doomed segments that a hold covers now are what they were: Sealed, or Lost."""
    before = case((SEGMENT.c.lost_utc_us.is_(None), int(SegmentState.SEALED)), else_=int(SegmentState.LOST))
    connection.execute(
        update(SEGMENT)
        .where(is_in(SegmentState.DOOMED), is_held(now_utc_us))
        .values(state=before, expire_reason=null())
    )
