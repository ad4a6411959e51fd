"""Which holds somebody has to look at: those that wait for a validator. No name of a person is in it."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from nvr.base.units import US_PER_DAY, UtcUs
from storage.register.tables import Hold, Requisition, RequisitionState

LAPSED_US: Final = 7 * US_PER_DAY
"""So long a hold is told that ran out without anybody's word: some of it may still be there."""


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
