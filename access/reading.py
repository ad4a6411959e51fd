"""Rows of the register as JSON, and the facts that policy asks of them."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.policy import Object
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger.entries import Salted
from storage.register import tables
from storage.register.personal import personal_from_json
from storage.register.tables import RequisitionState


def as_json(row: tables.Table, columns: Iterable[str] | None = None) -> dict[str, Json]:
    """The row's columns, or those that are named."""
    names = row.__table__.columns.keys() if columns is None else columns
    return {name: getattr(row, name) for name in names}


def grant_of(session: Session, requisition: str) -> tables.Grant | None:
    """The grant of a requisition, if it was validated."""
    return session.scalar(select(tables.Grant).where(tables.Grant.requisition == requisition))


def requisition_row(session: Session, number: str) -> tables.Requisition:
    """The requisition with this number. Raises InvalidValue: there is none."""
    row = session.get(tables.Requisition, number)
    if row is None:
        raise InvalidValue(field="requisition", value=number, expected="a requisition of the register")
    return row


def grant_row(session: Session, grant: str) -> tables.Grant:
    """The grant with this id. Raises InvalidValue: there is none."""
    row = session.get(tables.Grant, grant)
    if row is None:
        raise InvalidValue(field="grant", value=grant, expected="a grant of the register")
    return row


def about_requisition(session: Session, row: tables.Requisition) -> Object:
    """What policy looks at of a requisition and its grant."""
    grant = grant_of(session, row.requisition)
    return Object(
        name=row.requisition,
        state=RequisitionState(row.state),
        requested_by=row.requested_by,
        opener=None if grant is None else grant.opener,
        valid_until_utc_us=None if grant is None else UtcUs(grant.valid_until_utc_us),
        logged_utc_us=None if grant is None else logged_utc_us(session, grant),
        revoked=grant is not None and grant.revoked_utc_us is not None,
    )


def checked_of(session: Session, grant: tables.Grant) -> Salted | None:
    """How the validator checked, with the salt of its commitment; None once it is erased."""
    act = session.scalar(select(tables.Act).where(tables.Act.ledger_index == grant.grant_index))
    return None if act is None else personal_from_json(act.personal).committed.get("checked")


def logged_utc_us(session: Session, grant: tables.Grant) -> UtcUs:
    """The latest time of an entry since the grant, its own included: entries are not in the order of their times."""
    latest = select(func.max(tables.Act.ts_utc_us)).where(tables.Act.ledger_index >= grant.grant_index)
    return UtcUs(session.scalar(latest) or 0)
