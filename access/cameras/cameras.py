"""Cameras: what is recorded, where it stands, and how it is."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.logins import Logins
from access.cameras.ptz import PtzArgs
from access.cameras.publication import Publisher, snapshot_entries
from access.cameras.values import (
    SHOWN,
    camera_proposal,
    camera_row,
    cameras_per_shard,
    changed_camera,
    days_of,
    deal,
    demand_point,
    end_of_placement,
    kind_of,
    login_of,
    new_camera,
    optional_point_of,
    placement_proposal,
    standing,
    url_of,
)
from access.orders.cover import Decision, demand_cover
from access.policy import NOTHING, ActName, Person, demand
from access.ports import CameraStates, IndexPort
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, camera_id
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register


class Cameras:
    """The acts on cameras.

    A new camera is dealt to the shard with the fewest, of as many as `shards_for` says for so many cameras; it stays
    there.
    """

    def __init__(
        self,
        register: Register,
        publisher: Publisher,
        index: IndexPort,
        states: CameraStates,
        clock: Clock,
        *,
        logins: Logins,
        shards_for: Callable[[int], int],
    ) -> None:
        self._register = register
        self._publisher = publisher
        self._index = index
        self._states = states
        self._clock = clock
        self._logins = logins
        self._shards_for = shards_for

    async def add(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Add a camera, at a point if one is named, and publish it to the recorders.

        The login goes to the secrets file; the register holds a reference.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, the name is taken, or the point is unknown.
            NoOrder: no order covers it, and nobody decides to go on without one.
        """
        name = camera_id(args.text("camera"))
        url = url_of(args)
        login = login_of(args, url)
        point = optional_point_of(args)
        days, kind = days_of(args), kind_of(args)
        ptz = PtzArgs.take(args).setting(url)
        decision = Decision.take(args, self._clock.utc_us())
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_ADD, NOTHING, now))
            if session.get(tables.Camera, name) is not None:
                raise InvalidValue(field="camera", value=name, expected="a name that is not taken")
            shard = deal(cameras_per_shard(session), self._shards_for)
            body = new_camera(name, shard=shard, days=days, kind=kind, ptz=ptz)
            proposals = [
                *demand_cover(session, actor, [name], decision, now),
                camera_proposal(actor, body, url, None if login is None else name, now, ptz=ptz),
            ]
            if point is not None:
                demand_point(session, point)
                proposals.append(placement_proposal(actor, name, point, from_utc_us=now, now_utc_us=now))
            return proposals

        async with self._logins.changing():
            await self._register.read(propose)
            if login is not None:  # before the act: a login that nothing refers to harms nobody
                await self._logins.keep({name: login})
            await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._shown(name)

    async def retire(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a camera out of recording: it stands nowhere, and its login is forgotten; its footage stays until due.

        Its name stays taken for good, and holds and requisitions may name it.

        Raises:
            Denied: `person` may not.
            InvalidValue: there is no such camera, or it is retired.
        """
        name = camera_id(args.text("camera"))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_RETIRE, NOTHING, now))
            row = camera_row(session, name)
            place = standing(session, name, now)
            ended = [] if place is None else [end_of_placement(actor, place, now)]
            return [
                camera_proposal(actor, changed_camera(row, retired=True), row.url or "", None, now, ptz=row.ptz),
                *ended,
            ]

        async with self._logins.changing():
            await self._register.act(propose)
            if await self._publisher.publish_soon():  # else a recorder that has not heard of it would be refused
                await self._logins.drop_others(name, None)
        return await self._shown(name)

    async def list(self, person: Person, args: Arguments) -> Json:
        """All cameras, with where they stand and how they are. Raises Denied."""
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.CAMERA_LIST, NOTHING, now)
        cameras = await self._register.read(lambda session: _with_places(session, now))
        states, oldest = await self._states.states(), await self._index.oldest()
        return [
            {
                **camera,
                "oldest_utc_us": oldest.get(camera["camera"]),
                "state": dict(states.get(camera["camera"], {"state": "unknown"})),
            }
            for camera in cameras
        ]

    async def _shown(self, name: CameraId) -> dict[str, Json]:
        return await self._register.read(lambda session: as_json(session.get_one(tables.Camera, name), SHOWN))


def _with_places(session: Session, now_utc_us: UtcUs) -> "list[dict[str, Any]]":
    rows = session.scalars(select(tables.Camera).order_by(tables.Camera.camera))
    entries = {entry.camera: asdict(entry) for entry in snapshot_entries(session, now_utc_us)}
    keys = ("point", "placement", "authorisation", "uncovered_until_utc_us")
    return [
        {**as_json(row, SHOWN), **{key: entries.get(CameraId(row.camera), {}).get(key) for key in keys}} for row in rows
    ]
