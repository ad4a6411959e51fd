"""Many cameras at once, from a list: every fault is told, and nothing is entered unless all rows are good."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.fleet_rows import PLACE_FIELDS, Fault, Row, take_rows
from access.cameras.logins import Logins
from access.cameras.publication import Publisher
from access.cameras.values import (
    camera_proposal,
    cameras_per_shard,
    deal,
    new_camera,
    placement_proposal,
    standing,
)
from access.orders.cover import Decision, demand_cover, uncovered
from access.policy import NOTHING, ActName, Person, demand
from config.secrets import Login
from nvr.base.clock import Clock
from nvr.base.ids import ActId, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register


@dataclass(slots=True)
class Plan:
    """What an import would do: cameras and points to add, cameras as they are, those that differ and wherein.

    `uncovered`: the cameras to add that no order covers.
    """

    added: list[Row] = field(default_factory=list)
    points: dict[str, people.Point] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    differing: list[dict[str, Json]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    uncovered: Sequence[str] = ()

    def to_json(self, *, done: bool) -> dict[str, Json]:
        """The answer of the act."""
        return {
            "added": [str(row.camera) for row in self.added],
            "points": sorted(self.points),
            "unchanged": list(self.unchanged),
            "differing": list(self.differing),
            "faults": [fault.to_json() for fault in self.faults],
            "uncovered": list(self.uncovered),
            "done": done,
        }


class FleetImport:
    """The act `camera.import`."""

    def __init__(
        self,
        register: Register,
        publisher: Publisher,
        logins: Logins,
        clock: Clock,
        *,
        shards_for: Callable[[int], int],
    ) -> None:
        self._register = register
        self._publisher = publisher
        self._logins = logins
        self._clock = clock
        self._shards_for = shards_for

    async def run(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Add the cameras of the list that are not there, with their points; with `dry_run` only say what would be.

        A second time nothing is added: cameras that are as the list has them are passed over, others are named with
        what differs and stay as they are. A row says nothing on what it leaves empty. Where no order covers some of the
        new ones, one decision is for them all; without it nothing is entered.

        Raises:
            Denied: `person` may not.
            InvalidValue: the arguments are not a list of rows.
        """
        given, dry_run = args.objects("cameras"), args.flag("dry_run")
        decision = Decision.take(args, self._clock.utc_us())
        args.done()
        demand(person, ActName.CAMERA_IMPORT, NOTHING, self._clock.utc_us())
        rows, faults = take_rows(given)
        async with self._logins.changing():
            known = await self._logins.known()
            plan = await self._register.read(lambda session: self._plan(session, rows, faults, known))
            if dry_run or plan.faults or (plan.uncovered and decision is None):
                return plan.to_json(done=False)
            await self._logins.keep({row.camera: row.login for row in plan.added if row.login is not None})
            await self._register.act(lambda session: self._propose(session, person, plan, decision))
        await self._publisher.publish_soon()
        return plan.to_json(done=True)

    def _plan(self, session: Session, rows: Sequence[Row], faults: Sequence[Fault], known: Mapping[str, Login]) -> Plan:
        plan = Plan(faults=list(faults))
        now = self._clock.utc_us()
        points = _points_of(rows, plan)
        for row in rows:
            if row.point is not None and row.point not in points and session.get(tables.Point, row.point) is None:
                plan.faults.append(Fault(row.number, "point", row.point, "unknown-point"))
            camera = session.get(tables.Camera, row.camera)
            if camera is None:
                plan.added.append(row)
            elif camera.retired:
                plan.faults.append(Fault(row.number, "camera", row.camera, "retired"))
            elif fields := _differences(session, camera, row, known, now):
                plan.differing.append({"row": row.number, "camera": str(row.camera), "fields": list(fields)})
            else:
                plan.unchanged.append(row.camera)
        wanted = {row.point for row in plan.added}
        plan.points = {
            name: body for name, body in points.items() if name in wanted and session.get(tables.Point, name) is None
        }
        plan.uncovered = uncovered(session, [row.camera for row in plan.added], now)
        plan.faults.sort(key=lambda fault: fault.row)
        return plan

    def _propose(self, session: Session, person: Person, plan: Plan, decision: Decision | None) -> Sequence[Proposal]:
        """The decision, an entry for each point and camera, as one group: whole or not at all."""
        now = self._clock.utc_us()
        actor = Actor(id=person.account, role=demand(person, ActName.CAMERA_IMPORT, NOTHING, now))
        counts = cameras_per_shard(session)
        proposals = [
            *demand_cover(session, actor, [row.camera for row in plan.added], decision, now),
            *(Proposal(ActId(uuid7(now)), actor, body) for body in plan.points.values()),
        ]
        for row in plan.added:
            body = new_camera(
                row.camera, shard=deal(counts, self._shards_for), days=row.days, kind=row.kind, ptz=row.ptz
            )
            secret = None if row.login is None else row.camera
            proposals.append(camera_proposal(actor, body, row.url, secret, now, ptz=row.ptz))
            if row.point is not None:
                proposals.append(placement_proposal(actor, row.camera, row.point, from_utc_us=now, now_utc_us=now))
        return proposals


def _points_of(rows: Sequence[Row], plan: Plan) -> dict[str, people.Point]:
    """The points that rows describe; two rows that describe one differently are at fault."""
    points: dict[str, people.Point] = {}
    for row in rows:
        if row.place is None:
            continue
        first = points.setdefault(row.place.point, row.place)
        plan.faults += [
            Fault(row.number, name, getattr(row.place, name), "other-row-differs")
            for name in PLACE_FIELDS
            if getattr(first, name) != getattr(row.place, name)
        ]
    return points


def _differences(
    session: Session, camera: tables.Camera, row: Row, known: Mapping[str, Login], now_utc_us: UtcUs
) -> list[str]:
    """The fields of the row that the register, or the secrets file, has otherwise."""
    place = standing(session, row.camera, now_utc_us)
    login = None if camera.secret is None else known.get(camera.secret)
    pairs: list[tuple[str, Any, Any]] = [
        ("url", row.url, camera.url),
        ("retention_days", row.days, camera.retention_days),
        ("kind", row.kind, camera.kind),
        ("ptz", row.ptz, camera.ptz),
        ("point", row.point, None if place is None else place.point),
    ]
    if row.login is not None:
        pairs.append(("user", row.login.user, None if login is None else login.user))
        if row.login.password:
            pairs.append(("password", row.login.password, None if login is None else login.password))
    point = None if row.place is None else session.get(tables.Point, row.place.point)
    if row.place is not None and point is not None:
        pairs += [(name, getattr(row.place, name), getattr(point, name)) for name in PLACE_FIELDS]
    return [name for name, wanted, there in pairs if wanted is not None and wanted != there]
