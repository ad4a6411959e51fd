"""Holds: footage that may not be destroyed. Placing one is the first thing that a request brings about."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.hold_room import HoldRoom
from access.orders import longest_days
from access.places import cameras_at
from access.policy import NOTHING, ActName, Object, Person, Placing, demand, placing
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, HoldId, RequisitionNo, camera_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.deadline import deadline_utc_us
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

UNVALIDATED_US: Final = 96 * 3600 * US_PER_SECOND
"""So long an unvalidated hold outlives the cap at most (DESIGN.md "From requisition to bundle")."""

PROVISIONAL_US: Final = 96 * 3600 * US_PER_SECOND
"""So long a hold that waits for a validator protects: over a long weekend."""


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


def unvalidated_until_utc_us(session: Session, cameras: Sequence[str], to_utc_us: UtcUs, zone: tzinfo) -> UtcUs:
    """When an unvalidated hold ends: 96 hours after the cap of the last footage that it covers."""
    days = longest_days(session, cameras, to_utc_us)
    return UtcUs(deadline_utc_us(to_utc_us, days, zone) + UNVALIDATED_US)


def new_hold(
    session: Session,
    scope: Scope,
    cameras: tuple[CameraId, ...],
    *,
    requisition: RequisitionNo | None,
    basis: str | None,
    how: Placing,
    zone: tzinfo,
    now_utc_us: UtcUs,
) -> people.Hold:
    """An unvalidated hold; a provisional one ends within 96 hours, unless a validator confirms it."""
    until_utc_us = unvalidated_until_utc_us(session, cameras, scope.to_utc_us, zone)
    return people.Hold(
        hold=HoldId(uuid7(now_utc_us)),
        requisition=requisition,
        cameras=cameras,
        from_utc_us=scope.from_utc_us,
        to_utc_us=scope.to_utc_us,
        basis=basis,
        until_utc_us=min(until_utc_us, now_utc_us + PROVISIONAL_US) if how.provisional else until_utc_us,
        provisional=how.provisional,
        room=how.room,
    )


class Holds:
    """The acts that place, confirm and end holds."""

    def __init__(self, register: Register, room: HoldRoom, clock: Clock, zone: tzinfo) -> None:
        self._register = register
        self._room = room
        self._clock = clock
        self._zone = zone

    async def place(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Place a hold without a requisition yet: by telephone, for example. A large one is provisional.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or no camera stood at the place then.
        """
        scope = Scope(args)
        asked_by = args.text("asked_by")
        args.done()
        demand(person, ActName.HOLD_PLACE, NOTHING, self._clock.utc_us())
        measured = await self._register.read(scope.resolve)
        found = await self._room.with_hold(measured, scope.from_utc_us, scope.to_utc_us)
        name = ""

        def propose(session: Session) -> Sequence[Proposal]:
            nonlocal name
            now, cameras = self._clock.utc_us(), scope.resolve(session)
            room = found if cameras == measured else self._room.unknown
            how = placing(person, ActName.HOLD_PLACE, room, now)
            if not cameras:
                raise InvalidValue(field="place", value=scope.place, expected="a place with a camera at that time")
            body = new_hold(
                session,
                scope,
                cameras,
                requisition=None,
                basis=None,
                how=how,
                zone=self._zone,
                now_utc_us=now,
            )
            name = body.hold
            actor = Actor(id=person.account, role=how.role)
            return [hold_proposal(actor, body, now_utc_us=now, asked_by=asked_by)]

        await self._register.act(propose)
        return await self._register.read(lambda session: _shown(session.get_one(tables.Hold, name)))

    async def confirm(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Let a provisional hold last as long as any other, also one that ran out: what is left of it is kept again.

        Raises:
            Denied: `person` may not.
            InvalidValue: there is no such hold, it is ended, or it waits for nobody.
        """
        name = args.text("hold")
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            hold = session.get(tables.Hold, name)
            role = demand(person, ActName.HOLD_CONFIRM, NOTHING if hold is None else Object(name=hold.hold), now)
            if hold is None or hold.ended or not hold.provisional:
                raise InvalidValue(field="hold", value=name, expected="a hold that waits for a validator")
            until_utc_us = unvalidated_until_utc_us(session, hold.cameras, UtcUs(hold.to_utc_us), self._zone)
            body = people.Hold(
                hold=hold.hold,
                requisition=hold.requisition,
                cameras=tuple(hold.cameras),
                from_utc_us=hold.from_utc_us,
                to_utc_us=hold.to_utc_us,
                basis=hold.basis,
                until_utc_us=max(until_utc_us, hold.until_utc_us or 0),  # an order since then may have shortened it
            )
            return [hold_proposal(Actor(id=person.account, role=role), body, now_utc_us=now)]

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


def _shown(hold: tables.Hold) -> dict[str, Any]:
    return as_json(hold)
