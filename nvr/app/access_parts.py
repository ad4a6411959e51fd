"""What the access role is made of, and which act goes to which part."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import nvr
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
from access.export.bundle import Exporter
from access.export.signing import ExportSigner
from access.footage.at import FootageActs
from access.footage.telling import Telling
from access.grants.custodians import CustodianSets
from access.grants.grants import GrantKeys, Grants
from access.grants.sittings import Sittings
from access.grants.store import GrantStore
from access.holds.holds import Holds
from access.holds.listing import HoldListing
from access.holds.placing import HoldPlacing
from access.holds.room import HoldRoom
from access.orders.authorisations import Authorisations
from access.orders.retention import RetentionActs
from access.orders.statements import Statements
from access.people.accounts import Accounts
from access.people.login import Login
from access.people.passwords import Passwords, default_hasher
from access.policy import ActName
from access.refusals import Refusals
from access.release import Releases
from access.requisitions.requisitions import Requisitions
from access.service import AccessService
from access.service import Handler as Act
from access.volumes import VolumeActs
from config.model import Settings
from config.shards import shards_for
from nvr.app.call_args import text_of
from nvr.app.disk import disk_refusals
from nvr.app.handover import ActingLedger, Handover
from nvr.app.index_port import IndexFiles, RecorderStates
from nvr.app.keeper_client import KeeperClient
from nvr.app.shards import cores, recorder_sockets
from nvr.app.status_view import StatusViews
from nvr.app.volume_settings import VolumeSettings
from nvr.base.clock import Clock
from nvr.base.errors import ConfigError, EvidenceAtRisk, InvalidValue
from nvr.base.wire import Handler
from storage.keyring import KeyringReader
from storage.ledger.entries import decode
from storage.ledger.machine import Log
from storage.register.register import Register
from storage.vault.hpke import KeyPair

_ENDING: Final = (ActName.GRANT_REVOKE, ActName.REQUISITION_CLOSE, ActName.ACCOUNT_END)
"""After these, bundles may lie in staging that nobody may have any more."""


@dataclass(frozen=True, slots=True)
class AccessParts:
    """The parts that the role itself runs; the acts reach the others."""

    service: AccessService
    handover: Handover
    grants: Grants
    publisher: Publisher
    views: StatusViews


async def compose(settings: Settings, keeper: KeeperClient, register: Register, clock: Clock) -> AccessParts:
    """Make all parts around a register that is open.

    Raises:
        ConfigError: a key can not be used.
        Retryable: the keeper does not answer.
    """
    volumes = VolumeSettings(settings)
    index = IndexFiles(
        settings.index_location,
        lambda: [one.path for one in volumes.last_good()],
        settings.system.origin,
        ZoneInfo(settings.system.timezone),
        clock,
    )
    store = GrantStore(settings.paths.access / "grants")
    keys = await asyncio.to_thread(_grant_keys, settings, store)
    publisher = Publisher(register, keeper, clock)
    grants = Grants(register, keeper, index, keys, clock)
    exporter = Exporter(
        staging=settings.paths.access / "staging",
        ledger=ActingLedger(register, keeper, clock),
        index=index,
        signer=await asyncio.to_thread(_signer, settings),
        origin=settings.system.origin,
        log_public=await _log_public(keeper),
        software=nvr.__version__,
        clock=clock,
    )
    releases = Releases(register, index, keeper, store, clock)
    handover = Handover(register, releases, exporter, clock, staging_minutes=settings.access.staging_minutes)
    passwords = await Passwords.prepare(default_hasher())
    recorders = RecorderStates(partial(recorder_sockets, settings))
    refusals = Refusals(settings.paths.access / "refusals", keeper, clock)
    acts = {
        **_town_acts(settings, keeper, register, passwords, publisher, index, recorders, clock),
        **_requisition_acts(settings, keeper, register, grants, handover, index, clock),
        **_sitting_acts(Sittings(register, grants, refusals, clock)),
    }
    acts |= {name: handover.after(acts[name]) for name in _ENDING}
    login, days = Login(register, passwords, clock), settings.hold.review_days
    service = AccessService(register, refusals, login, clock, MappingProxyType(acts), review_days=days)
    views = StatusViews(settings, volumes, keeper.caller, index, recorders, service.status, clock)
    return AccessParts(service, handover, grants, publisher, views)


def _town_acts(
    settings: Settings,
    keeper: KeeperClient,
    register: Register,
    passwords: Passwords,
    publisher: Publisher,
    index: IndexFiles,
    states: RecorderStates,
    clock: Clock,
) -> dict[ActName, Act]:
    accounts = Accounts(register, passwords, clock)
    orders = Authorisations(register, publisher, index, clock)

    def shards(count: int) -> int:
        return shards_for(settings.recorder.shards, cameras=count, cores=cores())

    logins = Logins(settings.paths.secrets)
    cameras = Cameras(register, publisher, index, states, clock, logins=logins, shards_for=shards)
    changes = CameraChanges(register, publisher, logins, clock)
    absence = CameraAbsence(register, publisher, states, clock)
    commissioning = Commissioning(register, publisher, clock)
    fleet = FleetImport(register, publisher, logins, clock, shards_for=shards)
    lookup = StreamLookup(register, states, logins, clock)
    retention = RetentionActs(register, index, keeper.forecast, clock)
    return {
        ActName.ACCOUNT_ADD: accounts.add,
        ActName.ACCOUNT_END: accounts.end,
        ActName.ACCOUNT_LIST: accounts.list,
        ActName.CAMERA_ABSENT: absence.absent,
        ActName.CAMERA_ADD: lookup.before(ActName.CAMERA_ADD, cameras.add),
        ActName.CAMERA_COMMISSION: commissioning.begin,
        ActName.CAMERA_COMMISSION_END: commissioning.end,
        ActName.CAMERA_DISCOVER: CameraDiscovery(register, states, clock).run,
        ActName.CAMERA_EDIT: lookup.before(ActName.CAMERA_EDIT, changes.edit),
        ActName.CAMERA_IMPORT: lookup.before_import(fleet.run),
        ActName.CAMERA_LIST: cameras.list,
        ActName.CAMERA_MOVE: changes.move,
        ActName.CAMERA_PRESENT: absence.present,
        ActName.CAMERA_REPLACE: lookup.before(ActName.CAMERA_REPLACE, changes.replace),
        ActName.CAMERA_RETIRE: cameras.retire,
        ActName.CAMERA_TEST: CameraTest(register, states, clock).run,
        ActName.LEDGER_CONTINUE: LedgerContinuation(register, keeper.broken, clock).run,
        ActName.RETENTION_SHOW: retention.show,
        ActName.RETENTION_SET: retention.set,
        ActName.RETENTION_ALLOW: retention.allow,
        ActName.RETENTION_FORECAST: retention.forecast,
        ActName.RETENTION_STATEMENT: Statements(index, keeper, clock).show,
        ActName.VOLUME_REPLACE: VolumeActs(register, index, states, clock).replace,
        ActName.POINT_ADD: Points(register, clock).add,
        ActName.AUTHORISATION_ADD: orders.add,
        ActName.AUTHORISATION_EDIT: orders.edit,
        ActName.AUTHORISATION_LIST: orders.list,
        ActName.AUTHORISATION_WITHOUT: orders.without_order,
    }


def _requisition_acts(
    settings: Settings,
    keeper: KeeperClient,
    register: Register,
    grants: Grants,
    handover: Handover,
    index: IndexFiles,
    clock: Clock,
) -> dict[ActName, Act]:
    zone = ZoneInfo(settings.system.timezone)
    room = HoldRoom(register, index, keeper.forecast, clock, limit_percent=settings.hold.room_percent)
    placing = HoldPlacing(register, room, clock, zone)
    holds = Holds(register, placing, clock, zone)
    requisitions = Requisitions(register, index, placing, clock, zone)
    telling = Telling(register, keeper.forecast, clock, zone)
    return {
        ActName.FOOTAGE_AT: FootageActs(register, index, keeper.forecast, clock, zone).at,
        ActName.HOLD_PLACE: telling.overlaps(telling.countdown(holds.place)),
        ActName.HOLD_CONFIRM: holds.confirm,
        ActName.HOLD_LIST: telling.countdown(HoldListing(register, index, clock).list),
        ActName.HOLD_END: holds.end,
        ActName.REQUISITION_NEW: telling.overlaps(telling.countdown(requisitions.new)),
        ActName.REQUISITION_LIST: telling.countdown(requisitions.list),
        ActName.REQUISITION_SHOW: telling.countdown(requisitions.show),
        ActName.REQUISITION_REFUSE: requisitions.refuse,
        ActName.REQUISITION_CLOSE: requisitions.close,
        ActName.REQUISITION_VALIDATE: grants.validate,
        ActName.GRANT_FILE: grants.file,
        ActName.GRANT_UPLOAD: grants.upload,
        ActName.GRANT_ANSWER: grants.answer,
        ActName.GRANT_REOPEN: grants.reopen,
        ActName.GRANT_REVOKE: grants.revoke,
        ActName.EXPORT: handover.export,
        ActName.EXPORT_DONE: handover.done,
    }


def _sitting_acts(sittings: Sittings) -> dict[ActName, Act]:
    return {
        ActName.SITTING_FILE: sittings.file,
        ActName.SITTING_UPLOAD: sittings.upload,
        ActName.SITTING_ANSWER: sittings.answer,
    }


def access_handlers(parts: AccessParts) -> Mapping[str, Handler]:
    """The calls of access's socket (docs/design/processes.md "Sockets"); each tells what the disk refused it."""

    async def act(args: dict[str, Any]) -> object:
        account, password, name = (text_of(args, key) for key in ("account", "password", "name"))
        given = args.get("args", {})
        if not isinstance(given, dict):
            raise InvalidValue(field="args", value=type(given).__name__, expected="an object")
        return await parts.service.act(account, password, name, given)

    async def status(_: dict[str, Any]) -> object:
        return await parts.service.status()

    handlers: dict[str, Handler] = {
        "act": act,
        "status": status,
        "bundle_read": parts.handover.read,
        "grant_read": parts.grants.read_part,
        "grant_write": parts.grants.write_part,
    }
    return MappingProxyType({name: _with_disk_refusals(handler) for name, handler in handlers.items()})


def _with_disk_refusals(handler: Handler) -> Handler:
    async def told(args: dict[str, Any]) -> object:
        with disk_refusals():
            return await handler(args)

    return told


def _grant_keys(settings: Settings, store: GrantStore) -> GrantKeys:
    file = settings.keys.machine_key
    try:
        machine = KeyPair(file.read_bytes())
    except (OSError, EvidenceAtRisk) as error:
        raise ConfigError(file=str(file), key="keys.machine_key", why=f"no machine key: {error}") from error
    sets = CustodianSets(settings.paths.custodians, settings.paths.access / "sets")
    return GrantKeys(store, sets, KeyringReader(settings.keyring.places), machine)


def _signer(settings: Settings) -> ExportSigner:
    file = settings.paths.export_key
    try:
        return ExportSigner.from_pem(file.read_bytes())
    except (OSError, EvidenceAtRisk) as error:
        raise ConfigError(file=str(file), why=f"no export key: {error}") from error


async def _log_public(keeper: KeeperClient) -> Ed25519PublicKey:
    body = decode(await keeper.entry(0)).body
    if not isinstance(body, Log):
        raise ConfigError(file="ledger", why="its first entry is not `log`")
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(body.public))
