"""Which sealed envelopes were used to open footage: nobody's name, so that everybody may be told."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.register.tables import Grant

ENVELOPE: Final = "envelope"


def envelopes_used(session: Session) -> list[dict[str, Any]]:
    """The first use of each envelope: `set` and `seat`, the requisition, and when that was opened last."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in session.scalars(select(Grant).where(Grant.used.is_not(None)).order_by(Grant.grant_index)):
        for used in row.used or ():
            if used["key"] == ENVELOPE:
                told = {"requisition": row.requisition, "opened_utc_us": row.opened_utc_us}
                found.setdefault((used["set"], used["seat"]), {"set": used["set"], "seat": used["seat"], **told})
    return list(found.values())
