"""Holds: footage that may not be destroyed. Placing one is the first thing that a request brings about."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.footage.standing import NoCameraThere, nobody_there
from access.holds.placing import HoldPlacing, Scope, change_of_hold, unvalidated_until_utc_us
from access.policy import NOTHING, ActName, Object, Person, demand
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register


class Holds:
    """The acts that place, confirm and end holds."""

    def __init__(self, register: Register, placing: HoldPlacing, clock: Clock, zone: tzinfo) -> None:
        self._register = register
        self._placing = placing
        self._clock = clock
        self._zone = zone

    async def place(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Place a hold without a requisition yet: by telephone, for example. A large one is provisional.

        It is in the ledger before anybody looks how large it is, and stays when that fails.

        Raises:
            Denied: `person` may not.
            NoCameraThere: no camera stood at the place then.
            InvalidValue: a value is wrong, or somebody ended the hold meanwhile.
        """
        scope = Scope(args)
        asked_by = args.text("asked_by")
        args.done()
        act = ActName.HOLD_PLACE
        placed = await self._placing.at_once(person, act, scope, asked_by=asked_by)
        if placed is None:
            nobody = await self._register.read(lambda session: _nobody(session, scope, self._clock.utc_us()))
            raise NoCameraThere(scope.place, nobody)
        room = await self._placing.room.with_hold(placed.hold)
        await self._register.act(lambda session: [self._placing.judged(session, person, act, placed.hold, room)])
        return await self._shown(placed.hold)

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
            anew_utc_us = unvalidated_until_utc_us(session, hold.cameras, UtcUs(hold.to_utc_us), self._zone)
            until_utc_us = max(anew_utc_us, hold.until_utc_us or 0)  # an order since then may have shortened it
            return [change_of_hold(Actor(id=person.account, role=role), hold, now, until_utc_us=until_utc_us)]

        await self._register.act(propose)
        return await self._shown(name)

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
        return await self._shown(name)

    async def _shown(self, name: str) -> dict[str, Any]:
        return await self._register.read(lambda session: as_json(session.get_one(tables.Hold, name)))


def _nobody(session: Session, scope: Scope, now_utc_us: UtcUs) -> dict[str, Json]:
    return nobody_there(session, scope.place or "", scope.from_utc_us, scope.to_utc_us, now_utc_us)
