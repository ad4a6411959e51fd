"""The act by which a volume leaves the system for good: what lies on it is lost from then on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort, VolumeStates
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, Refused
from nvr.base.ids import ActId, is_uuid7, uuid7
from nvr.base.jcs import Json
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

_IN_SERVICE: Final = ("in-service", "full")


class VolumeInService(Refused):
    """The volume takes footage, or something grows on it: it is to be drained first. `volume`, `path`."""

    message_id = "volume-in-service"


class VolumeActs:
    """The acts on volumes."""

    def __init__(self, register: Register, index: IndexPort, recorders: VolumeStates, clock: Clock) -> None:
        self._register = register
        self._index = index
        self._recorders = recorders
        self._clock = clock

    async def replace(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a volume out for good; what has no other file is lost once this is in the ledger.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong.
            VolumeInService: a recorder writes there.
        """
        volume, reason = args.text("volume"), args.text("reason")
        disk, bay = args.optional_text("disk", most=200), args.optional_text("bay", most=100)
        args.done()
        if not is_uuid7(volume):
            raise InvalidValue(field="volume", value=volume, expected="the id of a volume")
        demand(person, ActName.VOLUME_REPLACE, NOTHING, self._clock.utc_us())
        await self._refuse_in_service(volume)
        leaving = await self._index.leaving(volume, self._clock.utc_us())
        personal = Personal(salted(reason=reason))

        def propose(_: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.VOLUME_REPLACE, NOTHING, now))
            body = people.Discard(
                volume=volume,
                disk=disk,
                bay=bay,
                segments=leaving.lost.segments,
                bytes=leaving.lost.bytes,
                held=leaving.held.segments,
                copies=leaving.copies.segments,
                reason=personal.committed["reason"].commitment,
            )
            return [Proposal(ActId(uuid7(now)), actor, body, personal)]

        (placed,) = await self._register.act(propose)
        return {
            "volume": volume,
            "segments": leaving.lost.segments,
            "bytes": leaving.lost.bytes,
            "held": leaving.held.segments,
            "copies": leaving.copies.segments,
            "ledger_index": placed.index,
            "ts_utc_us": placed.entry.ts_utc_us,
        }

    async def _refuse_in_service(self, volume: str) -> None:
        for told in await self._recorders.volumes():
            if told.get("volume") == volume and (told.get("state") in _IN_SERVICE or told.get("growing")):
                raise VolumeInService(volume=volume, path=told.get("path"))
