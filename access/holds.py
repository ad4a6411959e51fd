"""Holds: footage that may not be destroyed. Placing one is the first thing that a request brings about."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.orders import longest_days
from access.places import cameras_at
from access.policy import NOTHING, ActName, Object, Person, demand
from access.ports import IndexPort
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, HoldId, RequisitionNo, camera_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.deadline import deadline_utc_us
from storage.index.on_volume import LostStretch
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

UNVALIDATED_US: Final = 96 * 3600 * US_PER_SECOND
"""So long an unvalidated hold outlives the cap at most (DESIGN.md "From requisition to bundle")."""


class Scope:
    """What is asked for: a place or cameras, and an interval."""

    def __init__(self, args: Arguments) -> None:
        """Take them from the arguments. Raises InvalidValue."""
        names = args.optional_names("cameras")
        self.cameras = None if names is None else tuple(sorted({camera_id(name) for name in names}))
        self.place = args.optional_text("place", most=200)
        if self.cameras is None and self.place is None:
            raise InvalidValue(field="place", value=None, expected="a place, or cameras")
        if self.cameras is not None and self.place is not None:
            raise InvalidValue(field="place", value=self.place, expected="a place or cameras, not both")
        self.from_utc_us, self.to_utc_us = args.interval()

    def resolve(self, session: Session) -> tuple[CameraId, ...]:
        """The cameras that are meant. Raises InvalidValue: one is not in the register."""
        if self.cameras is None:
            return tuple(cameras_at(session, self.place or "", self.from_utc_us, self.to_utc_us))
        for camera in self.cameras:
            if session.get(tables.Camera, camera) is None:
                raise InvalidValue(field="cameras", value=camera, expected="cameras of the register")
        return self.cameras


def hold_proposal(
    actor: Actor,
    body: people.Hold,
    *,
    now_utc_us: UtcUs,
    asked_by: str | None = None,
) -> Proposal:
    """The act that places or changes a hold."""
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, Personal(aside={"asked_by": asked_by}))


def new_hold(
    session: Session,
    scope: Scope,
    cameras: tuple[CameraId, ...],
    *,
    requisition: RequisitionNo | None,
    basis: str | None,
    zone: tzinfo,
    now_utc_us: UtcUs,
) -> people.Hold:
    """An unvalidated hold: it ends 96 hours after the cap of the last footage that it covers."""
    days = longest_days(session, cameras, scope.to_utc_us)
    return people.Hold(
        hold=HoldId(uuid7(now_utc_us)),
        requisition=requisition,
        cameras=cameras,
        from_utc_us=scope.from_utc_us,
        to_utc_us=scope.to_utc_us,
        basis=basis,
        until_utc_us=deadline_utc_us(scope.to_utc_us, days, zone) + UNVALIDATED_US,
    )


class Holds:
    """The acts on holds."""

    def __init__(self, register: Register, index: IndexPort, clock: Clock, zone: tzinfo) -> None:
        self._register = register
        self._index = index
        self._clock = clock
        self._zone = zone

    async def place(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Place a hold without a requisition yet: by telephone, for example.

        Raises:
            InvalidValue: a value is wrong, or no camera stood at the place then.
        """
        scope = Scope(args)
        asked_by = args.text("asked_by")
        args.done()
        name = ""

        def propose(session: Session) -> Sequence[Proposal]:
            nonlocal name
            now = self._clock.utc_us()
            role = demand(person, ActName.HOLD_PLACE, NOTHING, now)
            cameras = scope.resolve(session)
            if not cameras:
                raise InvalidValue(field="place", value=scope.place, expected="a place with a camera at that time")
            body = new_hold(session, scope, cameras, requisition=None, basis=None, zone=self._zone, now_utc_us=now)
            name = body.hold
            actor = Actor(id=person.account, role=role)
            return [hold_proposal(actor, body, now_utc_us=now, asked_by=asked_by)]

        await self._register.act(propose)
        return await self._register.read(lambda session: _shown(session.get_one(tables.Hold, name)))

    async def end(self, person: Person, args: Arguments) -> dict[str, Json]:
        """End a hold that no requisition stands behind; a requisition's hold ends when it is closed.

        Raises:
            Denied: `person` may not, or a requisition holds (`requisition-holds`).
            InvalidValue: there is no such hold, or it is ended.
        """
        name, reason = args.text("hold"), args.text("reason")
        args.done()
        personal = Personal(salted(reason=reason))

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            hold = session.get(tables.Hold, name)
            about = NOTHING if hold is None else Object(name=hold.hold, requested_by=hold.requisition)
            role = demand(person, ActName.HOLD_END, about, now)
            if hold is None or hold.ended:
                raise InvalidValue(field="hold", value=name, expected="a hold that is not ended")
            body = people.Unhold(hold=name, reason=personal.committed["reason"].commitment)
            return [Proposal(ActId(uuid7(now)), Actor(id=person.account, role=role), body, personal)]

        await self._register.act(propose)
        return await self._register.read(lambda session: _shown(session.get_one(tables.Hold, name)))

    async def list(self, person: Person, args: Arguments) -> Json:
        """All holds, the newest first, each with what of its footage is there once and twice, and what is lost.

        Raises:
            Denied: `person` may not.
        """
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.HOLD_LIST, NOTHING, now)
        lost = await self._index.lost_under_hold(now)
        kept = await self._index.kept_by_hold(now)
        newest = select(tables.Hold).order_by(tables.Hold.placed_utc_us.desc(), tables.Hold.hold)
        holds = await self._register.read(lambda session: [_shown(row) for row in session.scalars(newest)])
        return [
            hold
            | {"copies": asdict(kept[hold["hold"]]) if hold["hold"] in kept else None}
            | {"lost": [_lost(one) for one in lost if one.hold == hold["hold"]]}
            for hold in holds
        ]


def _lost(one: LostStretch) -> dict[str, Any]:
    return {
        "camera": one.stretch.camera,
        "from_utc_us": one.stretch.from_utc_us,
        "to_utc_us": one.stretch.to_utc_us,
        "segments": one.stretch.segments,
        "why": one.why,
        "lost_utc_us": one.lost_utc_us,
    }


def _shown(hold: tables.Hold) -> dict[str, Any]:
    return as_json(hold)
