"""Placing a hold: in the ledger first. How much it keeps is looked at afterwards, and follows in an entry of its own.

What is destroyed is gone, so that nothing stands between the officer's word and the ledger. If access, the index or
the keeper fails after the first entry, the hold lasts as long as any other that nobody validated.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.places import cameras_at
from access.holds.room import HoldRoom
from access.orders.orders import longest_days
from access.policy import NOTHING, ActName, Person, demand, placing
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, RequisitionNo, camera_id, uuid7
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.deadline import deadline_utc_us
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal
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


def unvalidated_until_utc_us(session: Session, cameras: Sequence[str], to_utc_us: UtcUs, zone: tzinfo) -> UtcUs:
    """When an unvalidated hold ends: 96 hours after the cap of the last footage that it covers."""
    days = longest_days(session, cameras, to_utc_us)
    return UtcUs(deadline_utc_us(to_utc_us, days, zone) + UNVALIDATED_US)


def changed_hold(row: tables.Hold, **changes: object) -> people.Hold:
    """The body of a hold as the register has it, but for these fields of it; it waits for nobody, unless they say."""
    fields = ("hold", "requisition", "from_utc_us", "to_utc_us", "basis", "until_utc_us")
    now = {field: getattr(row, field) for field in fields}
    return people.Hold.model_validate({"cameras": tuple(row.cameras), **now, **changes})


def change_of_hold(actor: Actor, row: tables.Hold, now_utc_us: UtcUs, **changes: object) -> Proposal:
    """The entry of a hold that stays as it is but for these fields of its body."""
    return Proposal(ActId(uuid7(now_utc_us)), actor, changed_hold(row, **changes))


class HoldPlacing:
    """Places holds, by themselves or with a requisition."""

    def __init__(self, register: Register, room: HoldRoom, clock: Clock, zone: tzinfo) -> None:
        self.room = room
        self._register = register
        self._clock = clock
        self._zone = zone

    async def at_once(
        self, person: Person, act: ActName, scope: Scope, *, asked_by: str, basis: str | None = None
    ) -> people.Hold | None:
        """Hold what is asked for, without a look at anything but the register; None: no camera stood there then.

        The answer is in the ledger.

        Raises:
            Denied: `person` may not.
            InvalidValue: a camera is not in the register.
            Retryable: the keeper does not answer.
        """
        body: people.Hold | None = None

        def propose(session: Session) -> Sequence[Proposal]:
            nonlocal body
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, act, NOTHING, now))
            cameras = scope.resolve(session)
            if not cameras:
                return ()
            body = people.Hold(
                hold=uuid7(now),
                requisition=None,
                cameras=cameras,
                from_utc_us=scope.from_utc_us,
                to_utc_us=scope.to_utc_us,
                basis=basis,
                until_utc_us=unvalidated_until_utc_us(session, cameras, scope.to_utc_us, self._zone),
            )
            return [Proposal(ActId(uuid7(now)), actor, body, Personal(aside={"asked_by": asked_by}))]

        await self._register.act(propose)
        return body

    def judged(
        self,
        session: Session,
        person: Person,
        act: ActName,
        hold: str,
        room: people.RoomKept,
        requisition: RequisitionNo | None = None,
    ) -> Proposal:
        """The second entry of a hold that was placed at once: what holds keep, and whether it waits for a validator.

        One that does ends 96 hours after it was placed, if it would not sooner.

        Raises:
            Denied: `person` may not any more.
            InvalidValue: somebody ended it meanwhile; what is said of it now would bring it back.
        """
        now, row = self._clock.utc_us(), session.get_one(tables.Hold, hold)
        how = placing(person, act, room, now)
        if row.ended:
            raise InvalidValue(field="hold", value=hold, expected="a hold that is not ended")
        bound_utc_us, until_utc_us = row.placed_utc_us + PROVISIONAL_US, row.until_utc_us
        if how.provisional and (until_utc_us is None or until_utc_us > bound_utc_us):
            until_utc_us = bound_utc_us
        return change_of_hold(
            Actor(id=person.account, role=how.role),
            row,
            now,
            requisition=requisition,
            until_utc_us=until_utc_us,
            provisional=how.provisional,
            room=room,
        )
