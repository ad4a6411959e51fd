"""Commissioning: a named person aims a camera, through its own page; nothing is recorded, and no picture shown here.

It is in the ledger before recorders hear of it, has an end from its beginning, and each recorder keeps to that end by
itself: neither access nor the keeper need be alive for a camera to be recorded again.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.publication import Publisher
from access.cameras.values import camera_row, last_commission
from access.policy import NOTHING, ActName, Person, demand
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, camera_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register
from storage.snapshot import MOST_COMMISSIONING_S

SHOWN = ("camera", "from_utc_us", "until_utc_us", "reason", "begun_by", "ended_by")
_MINUTE_S = 60


class Commissioning:
    """The acts that begin and end it."""

    def __init__(self, register: Register, publisher: Publisher, clock: Clock) -> None:
        self._register = register
        self._publisher = publisher
        self._clock = clock

    async def begin(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Record nothing of a camera from now on, for so many minutes; one that is under way is taken over.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or the camera is unknown or retired.
        """
        name = camera_id(args.text("camera"))
        minutes = args.integer("minutes", least=1, most=MOST_COMMISSIONING_S // _MINUTE_S)
        reason = args.text("reason")
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_COMMISSION, NOTHING, now))
            camera_row(session, name)
            until = UtcUs(now + minutes * _MINUTE_S * US_PER_SECOND)
            begun = _proposal(actor, uuid7(now), name, now, until, reason, now)
            under_way = _under_way(session, name, now)
            return [begun] if under_way is None else [_end(actor, under_way, now), begun]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(lambda session: _shown(session, name))

    async def end(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Record the camera again, before the time is over.

        Raises:
            Denied: `person` may not.
            InvalidValue: the camera is unknown, retired, or not being commissioned.
        """
        name = camera_id(args.text("camera"))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_COMMISSION_END, NOTHING, now))
            camera_row(session, name)
            under_way = _under_way(session, name, now)
            if under_way is None:
                raise InvalidValue(field="camera", value=name, expected="a camera that is being commissioned")
            return [_end(actor, under_way, now)]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(lambda session: _shown(session, name))


def _under_way(session: Session, camera: CameraId, now_utc_us: UtcUs) -> tables.Commission | None:
    last = last_commission(session, camera)
    return last if last is not None and last.until_utc_us > now_utc_us else None


def _end(actor: Actor, row: tables.Commission, now_utc_us: UtcUs) -> Proposal:
    begin, end = UtcUs(row.from_utc_us), UtcUs(max(now_utc_us, row.from_utc_us))
    return _proposal(actor, row.commission, CameraId(row.camera), begin, end, row.reason, now_utc_us)


def _proposal(
    actor: Actor,
    commission: str,
    camera: CameraId,
    begin_utc_us: UtcUs,
    until_utc_us: UtcUs,
    reason: str | None,
    now_utc_us: UtcUs,
) -> Proposal:
    personal = Personal(salted(reason=reason))
    body = people.Commission(
        commission=commission,
        camera=camera,
        from_utc_us=begin_utc_us,
        until_utc_us=until_utc_us,
        reason=personal.commitment("reason"),
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)


def _shown(session: Session, camera: CameraId) -> dict[str, Json]:
    last = last_commission(session, camera)
    return {} if last is None else as_json(last, SHOWN)
