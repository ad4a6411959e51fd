"""A town: a real ledger, a real register, people with roles, and an index that says what it is told."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher

from access.cameras.absence import CameraAbsence
from access.cameras.cameras import Cameras
from access.cameras.changes import CameraChanges
from access.cameras.commissioning import Commissioning
from access.cameras.discovery import CameraDiscovery
from access.cameras.fleet_import import FleetImport
from access.cameras.logins import Logins
from access.cameras.points import Points
from access.cameras.publication import Publisher
from access.cameras.stream_lookup import StreamLookup
from access.cameras.testing import CameraTest
from access.continuation import LedgerContinuation
from access.footage.at import FootageActs
from access.footage.telling import Telling
from access.holds.holds import Holds
from access.holds.listing import HoldListing
from access.holds.placing import HoldPlacing
from access.holds.room import HoldRoom
from access.orders.authorisations import Authorisations
from access.orders.retention import RetentionActs
from access.orders.statements import Statements
from access.people.accounts import Accounts
from access.people.login import Login
from access.people.passwords import Passwords
from access.policy import ActName
from access.ports import Asked, Consistency, Coverage, Inclusion, Known, Recorded, SegmentAt
from access.refusals import Refusals
from access.requisitions.requisitions import Requisitions
from access.service import AccessService, Handler
from access.volumes import VolumeActs
from nvr.base.clock import SimClock
from nvr.base.errors import Retryable
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.holds import Interval
from storage.index.database import IndexUnavailable
from storage.index.on_evidence import Kept, Leaving
from storage.index.on_volume import LostStretch, Total
from storage.index.rows import MoveRow
from storage.keeping.previews import Change, Effect
from storage.ledger.entries import Actor, Entry, body_from, decode
from storage.ledger.machine import Body
from storage.ledger.service import Draft, LedgerService
from storage.ledger.store import create_ledger
from storage.register.ports import StoredLeaf
from storage.register.register import Register
from storage.snapshot import CameraEntry
from storage.vanished import Vanished

ORIGIN = "ville.example/scelle/2026"
ZONE = ZoneInfo("Europe/Paris")
NOW_UTC_US = UtcUs(1_790_000_000_000_000)  # 21 September 2026, 14:13:20 UTC
MINUTE_US = 60 * US_PER_SECOND
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
PASSWORD = "correct horse battery"
CAMERA = CameraId("cam-1")

PEOPLE = {
    "root": ["administrator"],
    "a.martin": ["officer"],
    "b.petit": ["validator"],
    "c.both": ["officer", "validator"],
    "d.seat": ["custodian", "validator"],
    "e.seat": ["custodian", "officer"],
    "f.audit": ["auditor"],
    "g.fix": ["maintenance"],
}


class Keeper:
    """The keeper's calls over a real ledger; `answers` False: it is away."""

    def __init__(self, service: LedgerService) -> None:
        self.service = service
        self.answers = True
        self.rotated: list[tuple[CameraId, ...]] = []
        self.published: list[tuple[CameraEntry, ...]] = []
        self.looked_ahead: Json = {"volumes": [], "daily_bytes": {}, "minimum_at_risk_utc_us": None}
        self.lost: Mapping[str, Json] | None = None
        """What a restore lost."""

    async def forecast(self) -> Json:
        return self.looked_ahead

    async def broken(self) -> Mapping[str, Json] | None:
        self._reach()
        return self.lost

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        self._reach()
        appended = await self.service.append([_draft(dict(entry)) for entry in entries])
        return [StoredLeaf(one.index, one.leaf) for one in appended]

    async def append_machine(self, body: Body) -> int:
        """As the keeper itself."""
        (appended,) = await self.service.append([Draft(body)])
        return appended.index

    async def entry(self, index: int) -> bytes:
        self._reach()
        return await self.service.entry(index)

    async def entries(self, from_index: int, limit: int) -> Sequence[StoredLeaf]:
        self._reach()
        return [StoredLeaf(index, leaf) for index, leaf in await self.service.entries(from_index, limit)]

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        self._reach()
        proof = await self.service.proof(index, size)
        return Inclusion(proof.checkpoint, proof.index, tuple(proof.path))

    async def consistency(self, from_size: int, to_size: int | None = None) -> Consistency:
        self._reach()
        proof = await self.service.consistency(from_size, to_size)
        return Consistency(proof.checkpoint, tuple(proof.path))

    async def rotate(self, cameras: Sequence[CameraId]) -> Sequence[SegmentId]:
        self._reach()
        self.rotated.append(tuple(cameras))
        return []

    async def publish(self, cameras: Sequence[CameraEntry]) -> int:
        self._reach()
        self.published.append(tuple(cameras))
        return await self.service.size()

    async def all(self) -> list[Entry[Body]]:
        """Every entry of the ledger."""
        return [decode(leaf) for _, leaf in await self.service.entries(0, 10_000)]

    async def types(self) -> list[str]:
        """The types of all entries but the first."""
        return [entry.t for entry in await self.all()][1:]

    def _reach(self) -> None:
        if not self.answers:
            raise Retryable("peer-unreachable", socket="keeper.sock")


@dataclass
class Index:
    """Says what it was told of each camera."""

    clock: SimClock
    segments: dict[str, list[SegmentAt]] = field(default_factory=dict)
    destroyed: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    gaps: dict[str, list[tuple[UtcUs, UtcUs | None, str]]] = field(default_factory=dict)
    moves: dict[str, list[MoveRow]] = field(default_factory=dict)
    asked: int = 0
    statements: dict[str, tuple[int, int]] = field(default_factory=dict)
    effects_told: list[Effect] = field(default_factory=list)
    tried: list[Change] = field(default_factory=list)
    volumes: dict[str, Leaving] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    held_lost: list[LostStretch] = field(default_factory=list)
    is_away: bool = False
    """The server that has it does not answer: said of holds alone."""

    async def leaving(self, volume: str, now_utc_us: UtcUs) -> Leaving:
        return self.volumes.get(volume, Leaving(Total(0, 0), Total(0, 0), Total(0, 0)))

    async def kept_by_hold(self, now_utc_us: UtcUs) -> Mapping[str, Kept]:
        self._reach()
        return self.kept

    async def lost_under_hold(self, now_utc_us: UtcUs) -> Sequence[LostStretch]:
        self._reach()
        return self.held_lost

    async def kept_bytes(self, times: Mapping[str, Iterable[Interval]]) -> int:
        """A byte a second until now."""
        self._reach()
        spans = [span for intervals in times.values() for span in intervals]
        return sum(max(0, min(last, self.clock.utc_us()) - first) // US_PER_SECOND for first, last in spans)

    async def statement(self, day: str) -> tuple[int, int] | None:
        return self.statements.get(day)

    async def effects(self, change: Change) -> Sequence[Effect]:
        self.tried.append(change)
        return self.effects_told

    async def coverage(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Coverage:
        found = [
            one
            for one in self.segments.get(camera, [])
            if one.start_utc_us < to_utc_us and one.end_utc_us > from_utc_us
        ]
        since = UtcUs(NOW_UTC_US)
        gone = [Vanished(from_utc_us, to_utc_us, "destroyed", since, "cap")] if camera in self.destroyed else []
        lost = [Vanished(from_utc_us, to_utc_us, "lost", since, "not on its volume")] if camera in self.lost else []
        return Coverage(tuple(found), (*gone, *lost))

    async def known(
        self, cameras: Sequence[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
    ) -> Mapping[CameraId, Known]:
        self._reach()
        return {camera: await self._known(camera, from_utc_us, to_utc_us) for camera in cameras}

    async def _known(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Known:
        found = await self.coverage(camera, from_utc_us, to_utc_us)
        return Known(
            recorded=tuple((one.start_utc_us, one.end_utc_us) for one in found.segments),
            began_utc_us=min((one.start_utc_us for one in found.segments), default=None),
            vanished=found.vanished,
            gaps=tuple(self.gaps.get(camera, ())),
            moves=tuple(self.moves.get(camera, ())),
        )

    async def segment(self, segment: SegmentId) -> SegmentAt | None:
        found = [one for rows in self.segments.values() for one in rows if one.segment == segment]
        return found[0] if found else None

    async def oldest(self) -> Mapping[CameraId, UtcUs]:
        self.asked += 1
        return {CameraId(camera): min(one.start_utc_us for one in rows) for camera, rows in self.segments.items()}

    def _reach(self) -> None:
        if self.is_away:
            raise IndexUnavailable(file="postgresql:///scelle", why="no route to host")

    def recorded(self, camera: str = CAMERA, *, ago_us: int = 2 * HOUR_US) -> None:
        """One segment of five minutes that began so long ago."""
        start = NOW_UTC_US - ago_us
        self.segments.setdefault(camera, []).append(
            SegmentAt(
                segment=SegmentId(f"{len(self.segments):032x}"),
                camera=CameraId(camera),
                shard=0,
                path=Path("/nowhere"),
                start_utc_us=UtcUs(start),
                end_utc_us=UtcUs(start + 5 * MINUTE_US),
                seal_index=0,
            )
        )


class States:
    """Recorders of which all cameras record."""

    async def states(self) -> Mapping[CameraId, Mapping[str, Json]]:
        return {CAMERA: {"state": "recording"}}


class VolumesTold:
    """Recorders that say of their volumes what they are told to."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Json]] = []

    async def volumes(self) -> Sequence[Mapping[str, Json]]:
        return self.told


class Checks:
    """Recorders that try out what they know, and say what they were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[CameraId], int]] = []
        self.known: set[str] | None = None
        self.retried: list[tuple[int, CameraId]] = []

    async def check(self, shard: int, cameras: Sequence[CameraId], seconds: int) -> Sequence[Mapping[str, Json]]:
        self.asked.append((shard, list(cameras), seconds))
        return [{"camera": camera, "result": "ok"} for camera in cameras if self.known is None or camera in self.known]

    async def retry(self, shard: int, camera: CameraId) -> None:
        self.retried.append((shard, camera))


PROFILE: dict[str, Json] = {"name": "main", "coding": "H264", "width": 1920, "height": 1080, "fps_milli": 25_000}
CHOICE: dict[str, Json] = {"profile": PROFILE, "reason": "largest", "others": [], "channels": 1}


class Finder:
    """Recorders that find what they are told; a host without an answer gives its stream at `/main`."""

    def __init__(self) -> None:
        self.searches: list[tuple[str | None, Sequence[str] | None, Sequence[Recorded], int]] = []
        self.asked: list[Asked] = []
        self.found: list[Mapping[str, Json]] = []
        self.streams: dict[str, Mapping[str, Json]] = {}

    async def discover(
        self, interface: str | None, hosts: Sequence[str] | None, known: Sequence[Recorded], seconds: int
    ) -> Sequence[Mapping[str, Json]]:
        self.searches.append((interface, hosts, known, seconds))
        return self.found

    async def lookup(self, cameras: Sequence[Asked]) -> Sequence[Mapping[str, Json]]:
        self.asked += cameras
        return [
            self.streams.get(each.host, {"url": f"rtsp://{each.host}/main", "cause": None, "choice": CHOICE})
            for each in cameras
        ]


class World:
    """Access as it is composed, without HTTP; `act` acts as the named person."""

    def __init__(self, directory: Path, clock: SimClock, keeper: Keeper, register: Register) -> None:
        self.directory = directory
        self.clock = clock
        self.keeper = keeper
        self.register = register
        self.index = Index(clock)
        self.checks = Checks()
        self.volumes = VolumesTold()
        self.finder = Finder()
        self.secrets_file = directory / "secrets.json"

    async def compose(self) -> None:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        passwords = await Passwords.prepare(hasher)
        clock, register, index = self.clock, self.register, self.index
        self.publisher = Publisher(register, self.keeper, clock)
        self.accounts = Accounts(register, passwords, clock)
        logins = Logins(self.secrets_file)
        self.cameras = Cameras(register, self.publisher, index, States(), clock, logins=logins, shards_for=lambda _: 2)
        changes = CameraChanges(register, self.publisher, logins, clock)
        absence = CameraAbsence(register, self.publisher, self.checks, clock)
        commissioning = Commissioning(register, self.publisher, clock)
        fleet = FleetImport(register, self.publisher, logins, clock, shards_for=lambda _: 2)
        orders = Authorisations(register, self.publisher, index, clock)
        room = HoldRoom(register, index, self.keeper.forecast, clock, limit_percent=30)
        placing = HoldPlacing(register, room, clock, ZONE)
        holds = Holds(register, placing, clock, ZONE)
        requisitions = Requisitions(register, index, placing, clock, ZONE)
        lookup = StreamLookup(register, self.finder, logins, clock)
        retention = RetentionActs(register, index, self.keeper.forecast, clock)
        telling = Telling(register, self.keeper.forecast, clock, ZONE)
        self.handlers: dict[ActName, Handler] = {
            ActName.ACCOUNT_ADD: self.accounts.add,
            ActName.ACCOUNT_END: self.accounts.end,
            ActName.ACCOUNT_LIST: self.accounts.list,
            ActName.CAMERA_ABSENT: absence.absent,
            ActName.CAMERA_ADD: lookup.before(ActName.CAMERA_ADD, self.cameras.add),
            ActName.CAMERA_COMMISSION: commissioning.begin,
            ActName.CAMERA_COMMISSION_END: commissioning.end,
            ActName.CAMERA_DISCOVER: CameraDiscovery(register, self.finder, clock).run,
            ActName.CAMERA_EDIT: lookup.before(ActName.CAMERA_EDIT, changes.edit),
            ActName.CAMERA_IMPORT: lookup.before_import(fleet.run),
            ActName.CAMERA_LIST: self.cameras.list,
            ActName.CAMERA_MOVE: changes.move,
            ActName.CAMERA_PRESENT: absence.present,
            ActName.CAMERA_REPLACE: lookup.before(ActName.CAMERA_REPLACE, changes.replace),
            ActName.CAMERA_RETIRE: self.cameras.retire,
            ActName.CAMERA_TEST: CameraTest(register, self.checks, clock).run,
            ActName.POINT_ADD: Points(register, clock).add,
            ActName.AUTHORISATION_ADD: orders.add,
            ActName.AUTHORISATION_EDIT: orders.edit,
            ActName.AUTHORISATION_LIST: orders.list,
            ActName.AUTHORISATION_WITHOUT: orders.without_order,
            ActName.LEDGER_CONTINUE: LedgerContinuation(register, self.keeper.broken, clock).run,
            ActName.RETENTION_SHOW: retention.show,
            ActName.RETENTION_SET: retention.set,
            ActName.RETENTION_ALLOW: retention.allow,
            ActName.RETENTION_FORECAST: retention.forecast,
            ActName.RETENTION_STATEMENT: Statements(index, self.keeper, clock).show,
            ActName.VOLUME_REPLACE: VolumeActs(register, index, self.volumes, clock).replace,
            ActName.FOOTAGE_AT: FootageActs(register, index, self.keeper.forecast, clock, ZONE).at,
            ActName.HOLD_PLACE: telling.overlaps(telling.countdown(holds.place)),
            ActName.HOLD_CONFIRM: holds.confirm,
            ActName.HOLD_LIST: telling.countdown(HoldListing(register, index, clock).list),
            ActName.HOLD_END: holds.end,
            ActName.REQUISITION_NEW: telling.overlaps(telling.countdown(requisitions.new)),
            ActName.REQUISITION_LIST: telling.countdown(requisitions.list),
            ActName.REQUISITION_SHOW: telling.countdown(requisitions.show),
            ActName.REQUISITION_REFUSE: requisitions.refuse,
            ActName.REQUISITION_CLOSE: requisitions.close,
        }
        self.refusals = Refusals(self.directory / "refusals", self.keeper, clock)
        login = Login(register, passwords, clock)
        self.service = AccessService(register, self.refusals, login, clock, self.handlers, review_days=90)

    async def reopen(self) -> None:
        """Open the register again, after it was closed."""
        self.register = await Register.open(self.directory / "register" / "register.db", self.keeper)
        await self.compose()

    async def people(self) -> None:
        """All of PEOPLE, made by the first of them."""
        await self.accounts.bootstrap("root", {"person": "Root", "password": PASSWORD})
        for name, roles in PEOPLE.items():
            if name != "root":
                await self.act("root", "account.add", account=name, person=name, roles=roles, password=PASSWORD)

    async def order(self, number: str = "2026-117", **more: object) -> dict[str, Any]:
        """An order of 30 days, of all cameras unless told."""
        terms = {
            "from_utc_us": NOW_UTC_US - 100 * DAY_US,
            "to_utc_us": NOW_UTC_US + 1000 * DAY_US,
            "retention_days": 30,
            "minimum_days": 7,
        }
        made: dict[str, Any] = await self.act("root", "authorisation.add", number=number, **{**terms, **more})
        return made

    async def town(self) -> None:
        """People, an order of 30 days, a point, and a camera that stands there."""
        await self.people()
        await self.order()
        await self.act(
            "root", "point.add", point="p12", number="12", address="1 place de la Mairie", streets="rue de l'Église"
        )
        await self.act("root", "camera.add", camera="cam-1", url="rtsp://192.0.2.1/live", point="p12")

    async def act(self, account: str, name: str, /, **args: object) -> Any:  # noqa: ANN401 -- JSON
        return await self.service.act(account, PASSWORD, name, args)

    async def denials(self) -> list[tuple[str, str, str]]:
        """Who was refused what, by which rule, as the ledger has it."""
        entries = [entry for entry in await self.keeper.all() if entry.t == "denied"]
        bodies = [entry.body.model_dump() for entry in entries]
        return [(entry.actor.id, body["what"], body["rule"]) for entry, body in zip(entries, bodies, strict=True)]


@asynccontextmanager
async def open_world(directory: Path) -> AsyncIterator[World]:
    """A world of its own in the directory, without anybody in it, until the block ends."""
    clock = SimClock(NOW_UTC_US)
    await asyncio.to_thread(create_ledger, directory / "ledger", ORIGIN, clock.utc_us())
    service = LedgerService(directory / "ledger", ORIGIN, clock)
    await service.start()
    keeper = Keeper(service)
    world = World(directory, clock, keeper, await Register.open(directory / "register" / "register.db", keeper))
    await world.compose()
    try:
        yield world
    finally:
        await world.register.close()
        await service.close()


def _draft(entry: dict[str, Any]) -> Draft:
    actor = Actor(id=entry["actor"]["id"], role=entry["actor"]["role"])
    return Draft(body_from(entry["t"], entry["body"]), actor, entry["act"])
