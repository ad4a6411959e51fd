import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import Location
from storage.register.database import open_database
from storage.register.tables import Act, Authorisation, Hold, Placement, Requisition, Table

HOLD = {
    "hold": "h",
    "cameras": [],
    "from_utc_us": 1,
    "to_utc_us": 2,
    "placed_by": "a",
    "placed_utc_us": 1,
    "ended": False,
    "provisional": False,
}
REQUISITION = {
    "requisition": "R-2026-000001",
    "state": "received",
    "cameras": [],
    "from_utc_us": 1,
    "to_utc_us": 2,
    "requested_by": "a",
    "received_utc_us": 1,
}
ORDER = {"authorisation": "o", "number": "1", "from_utc_us": 1, "to_utc_us": 2, "retention_days": 30}


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        (Hold(**{**HOLD, "to_utc_us": 1}), "ck_hold_interval"),
        (Requisition(**{**REQUISITION, "state": "elsewhere"}), "ck_requisition_state"),
        (Requisition(**{**REQUISITION, "to_utc_us": 0}), "ck_requisition_interval"),
        (Authorisation(**{**ORDER, "minimum_days": 31}), "ck_authorisation_days"),
        (Authorisation(**{**ORDER, "to_utc_us": 1}), "ck_authorisation_interval"),
        (Act(row=1, type="req", batch=1, proposal={}, leaf="{}", ledger_index=1), "ck_act_pending_or_done"),
        (Act(row=1, type="req", batch=1, proposal={}, ledger_index=1), "ck_act_leaf_has_index"),
        (
            Placement(placement="p", camera="c", point="p", from_utc_us=1, to_utc_us=None, entered_late=False),
            "(?i)foreign key",
        ),
    ],
)
def test_row_that_can_not_be_is_refused_by_the_database(location: Location, row: Table, constraint: str) -> None:
    engine = open_database(location)
    with Session(engine) as session:
        session.add(row)
        with pytest.raises(IntegrityError, match=constraint):
            session.commit()
    engine.dispose()
