"""Cameras that were taken down and come back: planned absences, in the ledger before recorders hear of them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.places import last_placement
from access.cameras.publication import Publisher
from access.cameras.values import (
    SHOWN,
    camera_proposal,
    camera_row,
    change_proposal,
    changed_camera,
    demand_point,
    end_of_placement,
    optional_point_of,
    placement_proposal,
    standing,
)
from access.orders.cover import Decision, demand_cover
from access.policy import NOTHING, ActName, Person, demand
from access.ports import CameraChecks
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, PointId, camera_id
from nvr.base.jcs import Json
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register


class CameraAbsence:
    """The acts `camera.absent` and `camera.present`."""

    def __init__(self, register: Register, publisher: Publisher, recorders: CameraChecks, clock: Clock) -> None:
        self._register = register
        self._publisher = publisher
        self._recorders = recorders
        self._clock = clock

    async def absent(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Enter that the camera was taken down, for a reason: its placement ends, and its silence is no fault.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong; the camera is unknown, retired, or entered as absent already.
        """
        name, reason = camera_id(args.text("camera")), args.text("reason")
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_ABSENT, NOTHING, now))
            row = camera_row(session, name)
            if row.absent:
                raise InvalidValue(field="camera", value=name, expected="a camera that is not absent already")
            body = changed_camera(row, absent=True)
            place = standing(session, name, now)
            ended = [] if place is None else [end_of_placement(actor, place, now)]
            return [camera_proposal(actor, body, row.url or "", row.secret, now, reason, ptz=row.ptz), *ended]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(lambda session: _shown(session, name))

    async def present(self, person: Person, args: Arguments) -> dict[str, Json]:
        """The camera is there again: it is tried at once.

        One that was entered as absent stands from now on at `point`, or where it stood last. Where nobody entered an
        absence nothing changes, and the ledger has nothing of it.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong; the camera is unknown or retired, or a point is named of one that is not
                absent.
            NoOrder: it was absent, no order covers it now, and nobody decides to go on without one.
            Retryable: its recorder does not answer.
        """
        name, point = camera_id(args.text("camera")), optional_point_of(args)
        decision = Decision.take(args, self._clock.utc_us())
        args.done()
        demand(person, ActName.CAMERA_PRESENT, NOTHING, self._clock.utc_us())
        if await self._register.read(lambda session: camera_row(session, name).absent):
            await self._register.act(lambda session: self._returned(session, person, name, point, decision))
            await self._publisher.publish_soon()  # a changed camera is tried at once
        elif point is not None:
            raise InvalidValue(field="point", value=point, expected="no point: it is not absent, see camera move")
        else:
            shard = await self._register.read(lambda session: camera_row(session, name).shard)
            await self._recorders.retry(shard, name)
        return await self._register.read(lambda session: _shown(session, name))

    def _returned(
        self, session: Session, person: Person, name: CameraId, point: PointId | None, decision: Decision | None
    ) -> Sequence[Proposal]:
        now = self._clock.utc_us()
        actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_PRESENT, NOTHING, now))
        row = camera_row(session, name)
        if not row.absent:  # somebody else was faster
            return []
        proposals = [
            *demand_cover(session, actor, [name], decision, now),
            change_proposal(actor, row, now, absent=False),
        ]
        if point is not None:
            demand_point(session, point)
        elif (last := last_placement(session, name)) is not None:
            point = PointId(last.point)
        if point is not None:
            proposals.append(placement_proposal(actor, name, point, from_utc_us=now, now_utc_us=now))
        return proposals


def _shown(session: Session, name: CameraId) -> dict[str, Json]:
    return as_json(session.get_one(tables.Camera, name), SHOWN)
