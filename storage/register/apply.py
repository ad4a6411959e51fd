"""What each entry changes in the register's tables.

Every function takes the session, the entry with its index, its typed body and what the register still holds of its
personal values; it asks nothing else, so that replaying the acts in ledger order gives the same tables again.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storage.ledger import machine, people
from storage.ledger.entries import body_as_json
from storage.ledger.machine import Body
from storage.register import tables
from storage.register.acts import Placed
from storage.register.personal import Personal
from storage.register.tables import RequisitionState

Applier = Callable[[Session, Placed, Any, Personal], None]


def apply(session: Session, placed: Placed, personal: Personal) -> None:
    """Change the tables as the entry says; types that the register does not keep change nothing.

    Raises:
        storage.register.personal.PersonalValueAltered: a clear value is not the committed one.
    """
    body = placed.entry.body
    applier = _APPLIERS.get(type(body))
    if applier is not None:
        personal.check(body_as_json(body))
        applier(session, placed, body, personal)
        session.flush()


def _account(session: Session, placed: Placed, body: people.Account, personal: Personal) -> None:
    known = session.get(tables.Account, body.account)
    session.merge(
        tables.Account(
            account=body.account,
            roles=list(body.roles),
            ends_utc_us=body.ends_utc_us,
            disabled=body.disabled,
            person=personal.value("person"),
            service=personal.value("service"),
            designation=personal.value("designation"),
            password_hash=personal.value("password_hash"),
            since_utc_us=placed.entry.ts_utc_us if known is None else known.since_utc_us,
        )
    )


def _point(session: Session, _: Placed, body: people.Point, __: Personal) -> None:
    session.merge(tables.Point(**body.model_dump()))


def _camera(session: Session, _: Placed, body: people.Camera, personal: Personal) -> None:
    session.merge(
        tables.Camera(
            camera=body.camera,
            url=personal.value("url_hash"),
            secret=personal.value("secret"),
            shard=body.shard,
            retention_days=body.retention_days,
            retired=body.retired,
            replaces=body.replaces,
            kind=body.kind,
            absent=body.absent,
            absent_reason=personal.value("absent_reason"),
            ptz=personal.value("ptz"),
        )
    )


def _placement(session: Session, _: Placed, body: people.Placement, personal: Personal) -> None:
    earlier = session.scalars(
        select(tables.Placement).where(
            tables.Placement.camera == body.camera,
            or_(tables.Placement.to_utc_us.is_(None), tables.Placement.to_utc_us > body.from_utc_us),
            tables.Placement.from_utc_us <= body.from_utc_us,
            tables.Placement.placement != body.placement,
        )
    )
    for placement in earlier:  # a camera stands at one point at a time
        placement.to_utc_us = body.from_utc_us
    session.merge(tables.Placement(**body.model_dump(exclude={"reason"}), reason=personal.value("reason")))


def _commission(session: Session, placed: Placed, body: people.Commission, personal: Personal) -> None:
    actor = placed.entry.actor.id
    known = session.get(tables.Commission, body.commission)
    session.merge(
        tables.Commission(
            **body.model_dump(exclude={"reason"}),
            reason=personal.value("reason"),
            begun_by=actor if known is None else known.begun_by,
            ended_by=None if known is None else actor,
        )
    )


def _authorisation(session: Session, _: Placed, body: people.Authorisation, personal: Personal) -> None:
    values = body.model_dump()
    values["cameras"] = None if body.cameras is None else list(body.cameras)
    values["reason"] = personal.value("reason")
    session.merge(tables.Authorisation(**values))


def _uncovered(session: Session, placed: Placed, body: people.Uncovered, personal: Personal) -> None:
    session.merge(
        tables.Uncovered(
            decision=body.decision,
            cameras=list(body.cameras),
            decided_by=placed.entry.actor.id,
            decided_utc_us=placed.entry.ts_utc_us,
            until_utc_us=body.until_utc_us,
            reason=personal.value("reason"),
        )
    )


def _hold(session: Session, placed: Placed, body: people.Hold, personal: Personal) -> None:
    hold = session.get(tables.Hold, body.hold)
    if hold is None:
        hold = tables.Hold(
            hold=body.hold,
            asked_by=personal.value("asked_by"),
            placed_by=placed.entry.actor.id,
            placed_utc_us=placed.entry.ts_utc_us,
            ended=False,
        )
        session.add(hold)
    if body.room is not None:
        hold.room = body.room.model_dump()
    hold.requisition = body.requisition
    hold.cameras = list(body.cameras)
    hold.from_utc_us = body.from_utc_us
    hold.to_utc_us = body.to_utc_us
    hold.basis = body.basis
    hold.until_utc_us = body.until_utc_us
    hold.provisional = body.provisional


def _unhold(session: Session, _: Placed, body: people.Unhold, personal: Personal) -> None:
    hold = session.get_one(tables.Hold, body.hold)
    hold.ended = True
    hold.end_reason = personal.value("reason")
    if hold.requisition is not None:
        session.get_one(tables.Requisition, hold.requisition).state = RequisitionState.CLOSED


def _requisition(session: Session, placed: Placed, body: people.Requisition, personal: Personal) -> None:
    requisition = session.get(tables.Requisition, body.requisition)
    if requisition is None:
        requisition = tables.Requisition(
            requisition=body.requisition,
            state=RequisitionState.RECEIVED if body.answer is None else RequisitionState.NO_IMAGES,
            requested_by=placed.entry.actor.id,
            received_utc_us=placed.entry.ts_utc_us,
            place=personal.value("place"),
        )
        session.add(requisition)
    requisition.hold = body.hold
    requisition.cameras = list(body.cameras)
    requisition.from_utc_us = body.from_utc_us
    requisition.to_utc_us = body.to_utc_us
    requisition.basis = body.basis
    requisition.authority = personal.value("authority")
    requisition.authority_number = personal.value("authority_number")
    requisition.requester = personal.value("requester")
    requisition.document = personal.value("document")
    requisition.answer = None if body.answer is None else body.answer.model_dump(mode="json")


def _refuse(session: Session, placed: Placed, body: people.Refuse, personal: Personal) -> None:
    requisition = session.get_one(tables.Requisition, body.requisition)
    requisition.state = RequisitionState.REFUSED
    requisition.refusal = personal.value("reason")
    _decide(requisition, placed)


def _grant(session: Session, placed: Placed, body: people.Grant, personal: Personal) -> None:
    requisition = session.get_one(tables.Requisition, body.requisition)
    before = session.get(tables.Grant, body.grant)
    if before is not None:
        _reopen(session, placed, body, personal, before)
        return
    requisition.state = RequisitionState.VALIDATED
    _decide(requisition, placed)
    session.add(
        tables.Grant(
            **body.model_dump(exclude={"cameras", "checked"}),
            cameras=list(body.cameras),
            checked=personal.value("checked"),
            validated_by=placed.entry.actor.id,
            grant_index=placed.index,
        )
    )


def _reopen(session: Session, placed: Placed, body: people.Grant, personal: Personal, grant: tables.Grant) -> None:
    """The same grant with another validity and another release key: it is released and answered anew."""
    grant.valid_until_utc_us = body.valid_until_utc_us
    grant.release_public = body.release_public
    grant.checked = personal.value("checked")
    grant.validated_by = placed.entry.actor.id
    grant.grant_index = placed.index
    grant.reopens = body.reopens
    grant.release_index = grant.segs = grant.open_index = grant.opened_utc_us = None
    _advance(session, body.requisition, RequisitionState.VALIDATED)


def _revoke(session: Session, placed: Placed, body: people.Revoke, personal: Personal) -> None:
    grant = session.get_one(tables.Grant, body.grant)
    grant.revoked_by = placed.entry.actor.id
    grant.revoked_utc_us = placed.entry.ts_utc_us
    grant.revocation = personal.value("reason")


def _release(session: Session, placed: Placed, body: machine.Release, _: Personal) -> None:
    grant = session.get_one(tables.Grant, body.grant)
    if grant.release_index is None:
        grant.release_index = placed.index
    grant.segs = list(dict.fromkeys([*(grant.segs or ()), *body.segs]))
    _advance(session, grant.requisition, RequisitionState.RELEASED)


def _open(session: Session, placed: Placed, body: machine.Open, _: Personal) -> None:
    grant = session.get_one(tables.Grant, body.grant)
    first = grant.open_index is None
    grant.open_index = placed.index
    grant.opened_utc_us = placed.entry.ts_utc_us
    before = grant.used or []
    grant.used = [*before, *(used for each in body.used if (used := each.model_dump()) not in before)]
    if first:
        _advance(session, grant.requisition, RequisitionState.OPEN)


def _export(session: Session, placed: Placed, body: people.Export, _: Personal) -> None:
    session.add(
        tables.Export(
            **body.model_dump(),
            exported_by=placed.entry.actor.id,
            exported_utc_us=placed.entry.ts_utc_us,
        )
    )
    _advance(session, body.requisition, RequisitionState.EXPORTED)


def _advance(session: Session, number: str, state: RequisitionState) -> None:
    """Go on to the state, unless the requisition was closed meanwhile: nothing opens it again."""
    requisition = session.get_one(tables.Requisition, number)
    if requisition.state != RequisitionState.CLOSED:
        requisition.state = state


def _decide(requisition: tables.Requisition, placed: Placed) -> None:
    requisition.decided_by = placed.entry.actor.id
    requisition.decided_utc_us = placed.entry.ts_utc_us


_APPLIERS: Final[Mapping[type[Body], Applier]] = MappingProxyType(
    {
        people.Account: _account,
        people.Point: _point,
        people.Camera: _camera,
        people.Placement: _placement,
        people.Commission: _commission,
        people.Authorisation: _authorisation,
        people.Uncovered: _uncovered,
        people.Hold: _hold,
        people.Unhold: _unhold,
        people.Requisition: _requisition,
        people.Refuse: _refuse,
        people.Grant: _grant,
        people.Revoke: _revoke,
        people.Export: _export,
        machine.Release: _release,
        machine.Open: _open,
    }
)
