"""Changes to a camera: its values, its place, the device itself. Each is in the ledger before recorders hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from access.arguments import LATEST_UTC_US, Arguments
from access.cameras.logins import Logins, fresh_name
from access.cameras.places import last_placement
from access.cameras.ptz import PtzArgs, inherited
from access.cameras.publication import Publisher
from access.cameras.values import (
    SHOWN,
    camera_proposal,
    camera_row,
    change_proposal,
    changed_camera,
    demand_point,
    end_of_placement,
    kind_of,
    login_of,
    new_camera,
    optional_url_of,
    placement_proposal,
    standing,
    url_of,
)
from access.orders.cover import Decision, demand_cover
from access.policy import NOTHING, ActName, Person, demand
from access.reading import as_json
from config.secrets import Login
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, PointId, camera_id, point_id
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from storage.snapshot import CameraKind

PLACED = ("camera", "point", "from_utc_us", "to_utc_us", "entered_late")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be different of a camera; None leaves it as it is. `login_name` is where the new login was kept."""

    camera: CameraId
    url: str | None
    login: Login | None
    login_name: str | None
    no_login: bool
    kind: CameraKind | None
    ptz: PtzArgs

    @classmethod
    def take(cls, args: Arguments, now_utc_us: UtcUs) -> "Edit":
        """From the arguments of the act. Raises InvalidValue."""
        camera = camera_id(args.text("camera"))
        url = optional_url_of(args)
        login, no_login = login_of(args, url), args.flag("no_login")
        kind, ptz = kind_of(args), PtzArgs.take(args)
        args.done()
        if login is not None and no_login:
            raise InvalidValue(field="no_login", value=True, expected="either a user or no login")
        return cls(
            camera=camera,
            url=url,
            login=login,
            login_name=None if login is None else fresh_name(camera, now_utc_us),
            no_login=no_login,
            kind=kind,
            ptz=ptz,
        )

    def propose(self, session: Session, actor: Actor, now_utc_us: UtcUs) -> Proposal:
        """The camera's entry with the changes. Raises InvalidValue: no such camera, nothing to change."""
        row = camera_row(session, self.camera)
        if not any((self.url, self.login, self.no_login, self.kind, self.ptz.given)):
            raise InvalidValue(field="camera", value=self.camera, expected="something to change: see --help")
        url = self.url or row.url
        if url is None:
            raise InvalidValue(field="url", value=None, expected="the URL, which the register lost")
        secret = None if self.no_login else self.login_name or row.secret
        body = changed_camera(row, kind=self.kind or CameraKind(row.kind))
        ptz = self.ptz.setting(url, row.ptz, row.url)
        return camera_proposal(actor, body, url, secret, now_utc_us, row.absent_reason, ptz=ptz)


class CameraChanges:
    """The acts that change cameras."""

    def __init__(self, register: Register, publisher: Publisher, logins: Logins, clock: Clock) -> None:
        self._register = register
        self._publisher = publisher
        self._logins = logins
        self._clock = clock

    async def edit(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Change URL, login or kind of a camera, or how a dome is asked; its recording begins anew with them.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, the camera is unknown or retired, or nothing is to change.
        """
        edit = Edit.take(args, self._clock.utc_us())

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_EDIT, NOTHING, now))
            return [edit.propose(session, actor, now)]

        async with self._logins.changing():
            await self._register.read(propose)
            if edit.login is not None and edit.login_name is not None:
                await self._logins.keep({edit.login_name: edit.login})
            await self._register.act(propose)
            # Recorders that have not heard of the new login still need the old one; a later edit removes it then.
            if await self._publisher.publish_soon():
                secret = await self._register.read(lambda session: session.get_one(tables.Camera, edit.camera).secret)
                await self._logins.drop_others(edit.camera, secret)
        return await self._shown(edit.camera)

    async def move(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Place a camera at another point, from now on or since an earlier instant, for a reason. It is there again.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong; the camera or the point is unknown; the instant lies before the camera's
                last placement, or ahead.
            NoOrder: no order covers it now, and nobody decides to go on without one.
        """
        name, point = camera_id(args.text("camera")), point_id(args.text("point"))
        since = args.optional_integer("since_utc_us", least=0, most=LATEST_UTC_US)
        reason = args.optional_text("reason")
        decision = Decision.take(args, self._clock.utc_us())
        args.done()
        if since is not None and reason is None:
            raise InvalidValue(field="reason", value=None, expected="why it is entered later")

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_MOVE, NOTHING, now))
            row = camera_row(session, name)
            demand_point(session, point)
            begins = UtcUs(now if since is None else since)
            _demand_order(session, name, point, begins, now)
            return [
                *demand_cover(session, actor, [name], decision, now),
                *([change_proposal(actor, row, now, absent=False)] if row.absent else []),
                placement_proposal(actor, name, point, from_utc_us=begins, now_utc_us=now, reason=reason),
            ]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(lambda session: _placed(session, name))

    async def replace(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Put another device in the camera's place: the point stays, one camera ends and the other begins.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, the old camera is unknown or retired, or the new name is taken.
            NoOrder: no order covers the new one, and nobody decides to go on without one.
        """
        old, name = camera_id(args.text("camera")), camera_id(args.text("by"))
        url = url_of(args)
        login = login_of(args, url)
        decision = Decision.take(args, self._clock.utc_us())
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_REPLACE, NOTHING, now))
            row = camera_row(session, old)
            if session.get(tables.Camera, name) is not None:
                raise InvalidValue(field="by", value=name, expected="a name that is not taken")
            kind = CameraKind(row.kind)
            body = new_camera(name, shard=row.shard, days=row.retention_days, kind=kind, replaces=old)
            proposals = [
                *demand_cover(session, actor, [name], decision, now),
                camera_proposal(actor, changed_camera(row, retired=True), row.url or "", None, now, ptz=row.ptz),
                camera_proposal(actor, body, url, None if login is None else name, now, ptz=inherited(row.ptz, url)),
            ]
            if (place := standing(session, old, now)) is not None:
                proposals.append(end_of_placement(actor, place, now))
                at = PointId(place.point)
                proposals.append(placement_proposal(actor, name, at, from_utc_us=now, now_utc_us=now))
            return proposals

        async with self._logins.changing():
            await self._register.read(propose)
            if login is not None:
                await self._logins.keep({name: login})
            await self._register.act(propose)
            if await self._publisher.publish_soon():
                await self._logins.drop_others(old, None)
        return await self._shown(name)

    async def _shown(self, name: CameraId) -> dict[str, Json]:
        return await self._register.read(lambda session: as_json(session.get_one(tables.Camera, name), SHOWN))


def _demand_order(session: Session, camera: CameraId, point: PointId, begins: UtcUs, now_utc_us: UtcUs) -> None:
    """A camera is at one point at a time, and its placements follow one another as they were entered."""
    if begins > now_utc_us:
        raise InvalidValue(field="since_utc_us", value=begins, expected=f"not later than now, {now_utc_us}")
    last = last_placement(session, camera)
    if last is None:
        return
    if last.from_utc_us > begins:
        expected = f"not before {last.from_utc_us}: since then it stands at {last.point}"
        raise InvalidValue(field="since_utc_us", value=begins, expected=expected)
    if last.point == point and last.to_utc_us is None:
        raise InvalidValue(field="point", value=point, expected="another point than the one where it stands")


def _placed(session: Session, camera: CameraId) -> dict[str, Json]:
    last = last_placement(session, camera)
    return {} if last is None else as_json(last, PLACED)
