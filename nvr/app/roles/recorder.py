"""The recorder: one shard's cameras, sealed on this server's volumes (docs/design/processes.md "Start and stop")."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import nvr
from config import secrets
from config.model import Settings
from nvr.app.call_args import cameras_of, number_of
from nvr.app.peers import role_uids, watch_uids
from nvr.app.process import main
from nvr.app.roles.camera_trust import camera_trust, renew_trust
from nvr.app.roles.custodians import accept_set
from nvr.app.roles.faults import Faults
from nvr.app.roles.health_parts import health_watch, keep_references
from nvr.app.roles.onvif_calls import onvif_handlers
from nvr.app.roles.shard_volumes import ShardVolumes
from nvr.app.roles.shardstate import NOT_WRITTEN, ShardState
from nvr.app.roles.telling import HEARTBEAT_S, GrowingSegments, state_of
from nvr.app.shards import running_shards
from nvr.app.volume_settings import VolumeSettings
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError
from nvr.base.ids import BootId, uuid7
from nvr.base.stop import Stop
from nvr.base.wire import Server
from recorder.health.references import References
from recorder.rtsp.trust import Trust
from recorder.server_clock import kernel_is_synchronised
from recorder.shard import Shard
from recorder.status import ShardSettings
from storage.buffers import MAPPED_BYTES, BufferPool
from storage.keyring import KeyringReader, KeyringWriter
from storage.ledger.machine import Stop as StopBody
from storage.memory import map_blocks_from
from storage.predecessors import Predecessors
from storage.sealing import SealerIdentity
from storage.snapshot import load as load_snapshot
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from storage.volume import Volume
from storage.volume_writer import VolumeWriter

_LOOK_S: Final = 1.0
"""How often the snapshot, the set and the secrets are looked at for a new version."""

_NOT_TAKEN: Final = "files-not-taken"


async def run(settings: Settings, shard: int, stop: Stop, ready: Callable[[], None]) -> None:
    """Record until the stop.

    Raises:
        ConfigError: there is no snapshot or no custodian set, or a file can not be used.
    """
    parts = await asyncio.to_thread(_open, settings, shard)
    try:
        await _record(settings, parts, stop, ready)
    finally:
        await asyncio.to_thread(parts.closing.close)


@dataclass(slots=True)
class _Parts:
    """What the role opened. `closing` undoes it in reverse: volumes close every segment, the spool ends."""

    number: int
    state: ShardState
    clock: SystemClock
    spool: SpoolWriter
    told: GrowingSegments
    keyring: KeyringWriter
    identity: SealerIdentity
    volumes: ShardVolumes
    shard: Shard
    references: References
    faults: Faults
    callers: frozenset[int]
    asking: frozenset[int]
    logins: "_SecretsFile"
    trust: Trust
    closing: ExitStack


class _SecretsFile:
    """User and password of a camera, read again when the file changed: a new camera needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._logins = secrets.load(path)

    def __call__(self, name: str) -> tuple[str, str]:
        login = self._logins[name]
        return login.user, login.password

    def reload(self) -> None:
        self._logins = secrets.load(self._path)


def _open(settings: Settings, number: int) -> _Parts:
    with ExitStack() as opened:
        parts = _open_all(settings, number, opened)
        parts.closing = opened.pop_all()
        return parts


def _open_all(settings: Settings, number: int, opened: ExitStack) -> _Parts:
    paths, clock = settings.paths, SystemClock()
    faults = Faults()
    snapshot = load_snapshot(paths.camera_snapshot)
    custodians = accept_set(paths.custodians, paths.shard / f"{number}.set.json", faults)
    logins = _SecretsFile(paths.secrets)
    state = ShardState(paths.shard / f"{number}.json", faults)
    epoch = state.next_epoch(clock.utc_us())
    boot = BootId(uuid7(clock.utc_us()))
    identity = SealerIdentity(settings.system.origin, boot, _software(), custodians)
    spool = _open_spool(settings, number, boot, clock, faults, running_shards(settings, snapshot))
    opened.callback(spool.close)
    opened.callback(lambda: spool.tell(StopBody(reason="stopped")))
    told = GrowingSegments(SpoolEvents(spool))
    keyring = KeyringWriter(settings.keyring.places, number, clock)
    opened.callback(keyring.close)
    map_blocks_from(MAPPED_BYTES)
    pool = BufferPool()
    volumes = _volumes(settings, number, identity, keyring, told, pool, faults, clock)
    opened.callback(volumes.stop)
    volumes.begin()
    entries = snapshot.of_shard(number)
    volumes.router.cameras(entries)
    set_up = _shard_settings(settings, epoch)
    references = References(paths.shard / f"{number}.health.json")
    health = health_watch(settings.health, references, clock, faults)
    events = SpoolEvents(spool)
    shard = Shard(
        entries, logins, volumes.router, events, clock, set_up, pool=pool, written=told.written, health=health
    )
    return _Parts(
        number=number,
        state=state,
        clock=clock,
        spool=spool,
        told=told,
        keyring=keyring,
        identity=identity,
        volumes=volumes,
        shard=shard,
        references=references,
        faults=faults,
        callers=role_uids(),
        asking=watch_uids(),
        logins=logins,
        trust=set_up.trust,
        closing=opened,
    )


def _open_spool(
    settings: Settings, number: int, boot: BootId, clock: SystemClock, faults: Faults, shards: int
) -> SpoolWriter:
    """The spool; among the sockets when the disk of the state refuses, where the keeper reads it too."""
    paths, key = settings.paths, Ed25519PrivateKey.generate()
    make = partial(SpoolWriter, sw=_software(), shards=shards)
    try:
        return make(paths.spool, number, boot, clock, key)
    except OSError as error:
        faults.tell(NOT_WRITTEN, paths.spool, error)
        return make(paths.runtime / "spool", number, boot, clock, key)


def _volumes(
    settings: Settings,
    number: int,
    identity: SealerIdentity,
    keyring: KeyringWriter,
    told: GrowingSegments,
    pool: BufferPool,
    faults: Faults,
    clock: SystemClock,
) -> ShardVolumes:
    predecessors, listed = Predecessors(), VolumeSettings(settings)

    def writer(volume: Volume) -> VolumeWriter:
        return VolumeWriter(
            volume,
            number,
            identity=identity,
            keyring=keyring,
            events=told,
            predecessors=predecessors,
            pool=pool,
            queue_bytes=settings.recorder.queue_mib << 20,
            clock=clock,
        )

    return ShardVolumes(
        listed.for_recording,
        number,
        identity,
        writer,
        keyring=KeyringReader(settings.keyring.places),
        sealed=told.sealed,
        faults=faults,
        clock=clock,
    )


def _shard_settings(settings: Settings, epoch: int) -> ShardSettings:
    recorder = settings.recorder
    return ShardSettings(
        clock_epoch=epoch,
        segment_seconds=recorder.segment_seconds,
        stall_s=recorder.stall_seconds,
        ptz_still_s=recorder.ptz_seconds,
        absent_after_s=60 * recorder.absent_minutes,
        absent_retry_s=60 * recorder.absent_retry_minutes,
        trust=camera_trust(settings.camera_tls),
    )


async def _record(settings: Settings, parts: _Parts, stop: Stop, ready: Callable[[], None]) -> None:
    socket = settings.paths.recorder_socket(parts.number)
    async with asyncio.TaskGroup() as group:
        recording = group.create_task(parts.shard.run(stop))
        recovering = group.create_task(parts.volumes.recovery.run())
        helpers = [
            group.create_task(_heartbeats(parts, settings)),
            group.create_task(_follow_files(parts, settings)),
            group.create_task(parts.volumes.follow(parts.shard.rotate)),
            group.create_task(size_queues(parts)),
        ]
        if settings.health.enabled:
            helpers.append(group.create_task(keep_references(parts.references, parts.clock, parts.faults)))
        async with Server(socket, _handlers(parts), allowed_uids=parts.callers, asking_uids=parts.asking):
            ready()
            await recording
        for helper in helpers:
            helper.cancel()
        parts.volumes.recovery.end()
        await recovering


def _handlers(parts: _Parts) -> dict[str, Any]:
    async def status(_: dict[str, Any]) -> object:
        state = state_of(parts.shard.status(), parts.told.growing(), clock_epoch=parts.shard.clock_epoch)
        return {
            "state": state,
            "volumes": parts.volumes.status(),
            "keyring_degraded": parts.keyring.degraded,
            "faults": parts.faults.shown(),
        }

    async def rotate(args: dict[str, Any]) -> object:
        return await parts.shard.rotate(cameras_of(args))

    async def check(args: dict[str, Any]) -> object:
        return await parts.shard.check(cameras_of(args), limit_s=number_of(args, "seconds"))

    async def retry(args: dict[str, Any]) -> object:
        parts.shard.retry(cameras_of(args))
        return {}

    onvif = onvif_handlers(parts.shard.reach, parts.logins)
    return {"status": status, "rotate": rotate, "check": check, "retry": retry, **onvif}


async def _heartbeats(parts: _Parts, settings: Settings) -> None:
    """Tell the state at once, every minute, and keep the clock epoch."""
    events = SpoolEvents(parts.spool)
    while True:
        epoch = parts.shard.clock_epoch
        growing = parts.told.growing()
        state = state_of(parts.shard.status(), growing, clock_epoch=epoch)
        events.heartbeat(state, len(growing), "synchronised" if kernel_is_synchronised() else "unsynchronised")
        await asyncio.to_thread(parts.state.note_epoch, epoch, parts.clock.utc_us())
        await parts.clock.sleep(min(HEARTBEAT_S, settings.recorder.segment_seconds))


async def size_queues(parts: _Parts) -> None:
    """Keep what may wait for a disk in proportion to what the cameras send."""
    while True:
        bitrate_bps = parts.shard.bitrate_bps
        for writer in parts.volumes.writers:
            writer.expect(bitrate_bps)
        await parts.clock.sleep(_LOOK_S)


async def _follow_files(parts: _Parts, settings: Settings) -> None:
    """Take up a new snapshot, set, secrets file or section `camera_tls` of the configuration.

    One that can not be used leaves the last good one in force.
    """
    folder = settings.paths.camera_snapshot.parent
    accepted = settings.paths.shard / f"{parts.number}.set.json"
    seen = await asyncio.to_thread(_stamps, settings)
    while True:
        await parts.clock.sleep(_LOOK_S)
        try:
            now = await asyncio.to_thread(_stamps, settings)
            if now == seen and not parts.faults.holds(NOT_WRITTEN, accepted):
                continue
            await _take_files(parts, settings, accepted)
        except (NvrError, OSError) as error:
            parts.faults.tell(_NOT_TAKEN, folder, error)
            continue
        parts.faults.over(_NOT_TAKEN, folder)
        seen = now


async def _take_files(parts: _Parts, settings: Settings, accepted: Path) -> None:
    paths = settings.paths
    await asyncio.to_thread(parts.logins.reload)
    snapshot = await asyncio.to_thread(load_snapshot, paths.camera_snapshot)
    custodians = await asyncio.to_thread(accept_set, paths.custodians, accepted, parts.faults)
    entries = snapshot.of_shard(parts.number)
    parts.volumes.router.cameras(entries)
    parts.shard.apply(entries)
    identity = parts.identity
    parts.volumes.use_identity(SealerIdentity(identity.origin, identity.boot, identity.software, custodians))
    await asyncio.to_thread(renew_trust, parts.trust, settings)


def _stamps(settings: Settings) -> list[tuple[int, int] | None]:
    paths, more = settings.paths, (settings.file, settings.camera_tls.ca_file)
    followed = (paths.camera_snapshot, paths.custodians, paths.secrets, *(path for path in more if path is not None))
    return [_stamp(path) for path in followed]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _software() -> str:
    return f"scelle {nvr.__version__}"


if __name__ == "__main__":
    raise SystemExit(main("recorder", run, holds_keys=True))
