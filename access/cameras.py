"""Cameras: what is recorded, where it stands, how it is, and how long its footage is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.orders import order_for
from access.policy import NOTHING, ActName, Person, demand
from access.ports import CameraStates, IndexPort
from access.publication import Publisher, snapshot_entries
from access.reading import as_json
from config import secrets
from config.camera_url import Transport, camera_url
from config.secrets import Login
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import (
    ActId,
    CameraId,
    PointId,
    camera_id,
    point_id,
    uuid7,
)
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

SHOWN: Final = ("camera", "shard", "retention_days", "retired")


class Cameras:
    """The acts on cameras."""

    def __init__(
        self,
        register: Register,
        publisher: Publisher,
        index: IndexPort,
        states: CameraStates,
        clock: Clock,
        *,
        secrets_file: Path,
        shards: int,
    ) -> None:
        self._register = register
        self._publisher = publisher
        self._index = index
        self._states = states
        self._clock = clock
        self._secrets_file = secrets_file
        self._shards = shards
        self._adding = asyncio.Lock()

    async def add(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Add a camera, at a point if one is named, and publish it to the recorders.

        The login goes to the secrets file; the register holds a reference.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, the name is taken, or the point is unknown.
        """
        name = camera_id(args.text("camera"))
        url = _url(args)
        login = _login(args)
        point = None if (text := args.optional_text("point")) is None else point_id(text)
        days = args.optional_integer("retention_days", least=1, most=31)
        args.done()

        def check(session: Session) -> Actor:
            role = demand(person, ActName.CAMERA_ADD, NOTHING, self._clock.utc_us())
            if session.get(tables.Camera, name) is not None:
                raise InvalidValue(field="camera", value=name, expected="a name that is not taken")
            return Actor(id=person.account, role=role)

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = check(session)
            body = people.Camera(
                camera=name, url_hash="0" * 64, shard=self._next_shard(session), retention_days=days, retired=False
            )
            proposals = [_camera_proposal(actor, body, url, None if login is None else name, now)]
            if point is not None:
                proposals.append(_placement_proposal(session, actor, name, point, now))
            return proposals

        # One at a time: of two cameras of one name the second is refused before its login takes the first one's place.
        async with self._adding:
            await self._register.read(check)
            if login is not None:  # before the act: a login that nothing refers to harms nobody
                await asyncio.to_thread(self._keep_login, name, login)
            await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._shown(name)

    async def retire(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a camera out of recording; its footage stays until it is due.

        Raises:
            Denied: `person` may not.
            InvalidValue: there is no such camera, or it is retired.
        """
        name = camera_id(args.text("camera"))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_RETIRE, NOTHING, now))
            row = session.get(tables.Camera, name)
            if row is None or row.retired:
                raise InvalidValue(field="camera", value=name, expected="a camera that is not retired")
            body = people.Camera(
                camera=name, url_hash="0" * 64, shard=row.shard, retention_days=row.retention_days, retired=True
            )
            return [_camera_proposal(actor, body, row.url or "", row.secret, now)]

        await self._register.act(propose)
        await self._publisher.publish_soon()
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

    async def retention(self, person: Person, args: Arguments) -> Json:
        """Per camera: the order, its days and minimum, the oldest footage, and the days achieved. Raises Denied."""
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.RETENTION_SHOW, NOTHING, now)
        rows = await self._register.read(lambda session: _retention(session, now))
        starts = await self._index.oldest()
        for row in rows:
            oldest = starts.get(row["camera"])
            row["oldest_utc_us"] = oldest
            row["achieved_days"] = 0 if oldest is None else max(0, now - oldest) // US_PER_DAY
        return rows

    def _next_shard(self, session: Session) -> int:
        counts = session.execute(
            select(tables.Camera.shard, func.count())
            .where(tables.Camera.retired.is_(False))
            .group_by(tables.Camera.shard)
        )
        used = dict(counts.all())
        return min(range(self._shards), key=lambda shard: used.get(shard, 0))

    def _keep_login(self, name: CameraId, login: Login) -> None:
        secrets.replace(self._secrets_file, {**secrets.load(self._secrets_file), name: login})

    async def _shown(self, name: CameraId) -> dict[str, Json]:
        return await self._register.read(lambda session: as_json(session.get_one(tables.Camera, name), SHOWN))


def _with_places(session: Session, now_utc_us: UtcUs) -> "list[dict[str, Any]]":
    rows = session.scalars(select(tables.Camera).order_by(tables.Camera.camera))
    entries = {entry.camera: asdict(entry) for entry in snapshot_entries(session, now_utc_us)}
    keys = ("point", "placement", "authorisation")
    return [
        {**as_json(row, SHOWN), **{key: entries.get(CameraId(row.camera), {}).get(key) for key in keys}} for row in rows
    ]


def _retention(session: Session, now_utc_us: UtcUs) -> "list[dict[str, Any]]":
    rows = []
    for camera in session.scalars(select(tables.Camera).order_by(tables.Camera.camera)):
        order = order_for(session, camera.camera, now_utc_us)
        rows.append(
            {
                "camera": camera.camera,
                "order": None if order is None else order.number,
                "order_ends_utc_us": None if order is None else order.to_utc_us,
                "days": None if order is None else order.retention_days,
                "camera_days": camera.retention_days,
                "minimum_days": None if order is None else order.minimum_days,
            }
        )
    return rows


def _camera_proposal(actor: Actor, body: people.Camera, url: str, secret: str | None, now_utc_us: UtcUs) -> Proposal:
    personal = Personal(salted(url_hash=url), {"secret": secret})
    committed = body.model_copy(update={"url_hash": personal.commitment("url_hash")})
    return Proposal(ActId(uuid7(now_utc_us)), actor, committed, personal)


def _placement_proposal(
    session: Session, actor: Actor, camera: CameraId, point: PointId, now_utc_us: UtcUs
) -> Proposal:
    if session.get(tables.Point, point) is None:
        raise InvalidValue(field="point", value=point, expected="a point of the register")
    body = people.Placement(
        placement=uuid7(now_utc_us),
        camera=camera,
        point=point,
        from_utc_us=now_utc_us,
        to_utc_us=None,
        entered_late=False,
        reason=None,
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body)


def _url(args: Arguments) -> str:
    """The address to keep; what was given is not shown, since it may hold a login."""
    text, transport = args.secret("url"), args.optional_text("transport") or Transport.TCP
    if transport not in tuple(Transport):
        raise InvalidValue(field="transport", value=transport, expected=" or ".join(Transport))
    return camera_url(text, Transport(transport))


def _login(args: Arguments) -> Login | None:
    user, password = args.optional_secret("user"), args.optional_secret("password")
    if user is None and password is not None:
        raise InvalidValue(field="user", value=None, expected="a user for the password")
    return None if user is None else Login(user, password or "")
