"""Which holds somebody has to look at: those that wait for a validator, and old ones. No name of a person is in it."""

from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from nvr.base.units import US_PER_DAY, UtcUs
from storage.register.tables import Hold, Requisition, RequisitionState

LAPSED_US: Final = 7 * US_PER_DAY
"""So long a hold is told that ran out without anybody's word: some of it may still be there."""

_UNANSWERED: Final = (RequisitionState.REFUSED, RequisitionState.NO_IMAGES)
"""Requisitions from which no footage goes to anybody."""


def waiting(session: Session, now_utc_us: UtcUs) -> list[dict[str, Any]]:
    """Provisional holds on which no validator has said anything yet, those that ran out lately among them."""
    undecided = Requisition.state.is_(None) | (Requisition.state == RequisitionState.RECEIVED)
    query = (
        select(Hold)
        .outerjoin(Requisition, Requisition.requisition == Hold.requisition)
        .where(Hold.provisional, Hold.ended.is_(False), Hold.until_utc_us > now_utc_us - LAPSED_US, undecided)
        .order_by(Hold.placed_utc_us, Hold.hold)
    )
    return [
        {
            "hold": row.hold,
            "requisition": row.requisition,
            "cameras": len(row.cameras),
            "placed_utc_us": row.placed_utc_us,
            "until_utc_us": row.until_utc_us,
            "room": row.room,
        }
        for row in session.scalars(query)
    ]


def is_old(now_utc_us: UtcUs, days: int) -> ColumnElement[bool]:
    """A hold runs, and was placed so many days ago, or its requisition (joined) was refused or found no footage."""
    runs = Hold.ended.is_(False) & (Hold.until_utc_us.is_(None) | (Hold.until_utc_us > now_utc_us))
    return runs & ((Hold.placed_utc_us <= now_utc_us - days * US_PER_DAY) | Requisition.state.in_(_UNANSWERED))


def old(session: Session, now_utc_us: UtcUs, days: int) -> list[dict[str, Any]]:
    """The old holds, the oldest first. Whether they still keep footage, the index says."""
    query = (
        select(Hold, Requisition.state)
        .outerjoin(Requisition, Requisition.requisition == Hold.requisition)
        .where(is_old(now_utc_us, days))
        .order_by(Hold.placed_utc_us, Hold.hold)
    )
    return [
        {
            "hold": row.hold,
            "requisition": row.requisition,
            "requisition_state": state,
            "cameras": len(row.cameras),
            "placed_utc_us": row.placed_utc_us,
            "to_utc_us": row.to_utc_us,
        }
        for row, state in session.execute(query)
    ]
