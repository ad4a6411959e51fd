"""The keeper: the only one that appends to the ledger, zeroes keys and removes footage. No socket, no process.

Whoever composes the role binds the methods to the calls of docs/design/processes.md, "Sockets".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, NvrError, Retryable
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.units import UtcUs
from storage import snapshot
from storage.books import Books
from storage.durable import make_directory
from storage.faults import Fault
from storage.forecast import NOTICE_US, Forecast
from storage.index.database import IndexDamaged
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.keeping import blobs
from storage.keeping.checking import Checking
from storage.keeping.comparing import Comparing
from storage.keeping.continuing import Continuing
from storage.keeping.copies_status import CopiesStatus
from storage.keeping.copying import Copying
from storage.keeping.destruction import Pass, Retention
from storage.keeping.discarded import lost_under_holds
from storage.keeping.drafts import draft_of
from storage.keeping.forecasting import forecast_of, rooms_of
from storage.keeping.ingest import Ingest
from storage.keeping.places import PlacesKept
from storage.keeping.restored import Break
from storage.keeping.settings import KeeperSettings
from storage.keeping.stating import Stating
from storage.keeping.volumes import VolumesKept
from storage.keyring import KeyringKeeper
from storage.ledger.machine import ClockSync
from storage.ledger.note import ProofFile
from storage.ledger.reader import ConsistencyProof
from storage.ledger.service import LedgerService
from storage.ledger.store import Appended
from storage.pacing import pause, unless_stopped
from storage.reaper import Destroyed, Reaper
from storage.reconcile import EVERYTHING
from storage.snapshot import CameraEntry, CameraSnapshot
from storage.volume import Volume

Rotate = Callable[[Sequence[CameraId]], Awaitable[Sequence[SegmentId]]]
"""Asks the recorders to close the segments of these cameras; the segments that they closed."""

ROTATE_SECONDS: Final = 30.0
CHECKPOINT_SECONDS: Final = 60.0
FORECAST_SECONDS: Final = 3600.0
MOST_ENTRIES: Final = 1000
DAMAGED: Final = "segments-damaged"


class RotationIncomplete(Retryable):
    """Segments were closed, and their seals did not arrive in time; they will be in the ledger later."""

    message_id = "rotation-incomplete"


class RetentionWaits(Retryable):
    """The ledger has just been continued: holds of the lost span are entered again before anything is destroyed."""

    message_id = "retention-waits"


class DiskRefused(EvidenceAtRisk):
    """A disk did not do what a turn of the keeper asked of it; field `what` is the system's word."""

    message_id = "disk-refused"


@dataclass(frozen=True, slots=True)
class KeeperStatus:
    """How things stand. `faults` names what a person must look at, and why."""

    ledger_size: int
    index_size: int
    checkpoint: str | None
    spools: tuple[str, ...]
    volumes: Mapping[str, str]
    last_pass: Pass | None
    forecast: Forecast | None
    last_pass_utc_us: UtcUs | None
    """When it was done; None before the first."""
    compared_utc_us: UtcUs | None
    """When the last comparison of all volumes with the index ended; None before the first."""
    at_risk_utc_us: UtcUs | None
    """From when on the disks can not keep what the orders demand at least, when that is near."""
    damaged: int
    """Segments whose files are not what was sealed; of them, `damaged_held` lie under a hold."""
    damaged_held: int
    check: Mapping[str, Any] | None
    """The check that was asked for last (`storage.keeping.check_run.CheckRun`), and `scrub`, the keeper's own one."""
    scrub: Mapping[str, Any] | None
    copies: CopiesStatus | None
    """Of held footage; None without an evidence volume."""
    broken: Break | None
    """What has to be declared before the ledger goes on; None: nothing."""
    faults: Mapping[str, str]


class Keeper:
    """One per system. `start`, then `run` until the stop; the calls may come in between, all on one event loop."""

    def __init__(self, settings: KeeperSettings, clock: Clock, *, sync: Callable[[], ClockSync] | None = None) -> None:
        """`sync` says how the kernel's clock stands; without it the recorders' last heartbeat does."""
        self._settings = settings
        self._clock = clock
        self.ledger = LedgerService(settings.ledger, settings.origin, clock)
        self.books = Books(self.ledger, settings.ledger, settings.index_location)
        self.ingest = Ingest(self.books, settings.spool_directories, settings.blobs, clock)
        self.continuing = Continuing(self.ledger, settings.ledger, settings.origin, settings.places, clock)
        self.books.demand = self.continuing.demand
        self._sync = sync if sync is not None else lambda: self.ingest.sync
        self._keyring = KeyringKeeper(settings.places)
        self._places = PlacesKept(self.books, self._keyring, settings.places, clock)
        self._volumes = VolumesKept(settings.volumes, settings.origin, settings.evidence)
        self._faults: dict[str, str] = {}
        self._damaged: dict[Path, dict[str, str]] = {}
        """By volume, what its last comparison found."""
        self._held_lost: Mapping[str, str] = {}
        """Footage under hold that is lost, as faults."""
        self._last_pass: Pass | None = None
        self._forecast: Forecast | None = None
        self._at_risk_utc_us: UtcUs | None = None
        self._stating = Stating(self.books, settings.zone)
        self._compared_utc_us: UtcUs | None = None
        self._damage = (0, 0)
        copies_lock = asyncio.Lock()
        self._comparing = Comparing(
            self.books, self.ingest, self._keyring, self._places, settings.places, self._volumes, copies_lock
        )
        self.copying = Copying(self.books, self._comparing.run, self._volumes, copies_lock, clock)
        self.checking = Checking(
            self.books,
            self._comparing.run,
            lambda: self._volumes.in_use,
            settings.state / "check",
            clock,
            scrub_days=settings.scrub_days,
        )
        self._last_pass_utc_us: UtcUs | None = None
        self._compare_soon = False
        self._publishing = asyncio.Lock()
        self._reaper = Reaper(self.books, self._keyring, lambda: self._volumes.in_use, clock)
        self._retention = Retention(
            self.books,
            self._reaper,
            lambda: self._volumes.for_recording,
            clock,
            zone=settings.zone,
            reserve_bytes=settings.reserve_bytes,
        )

    async def start(self, *, rebuild_index: bool = False) -> None:
        """Open the ledger and bring the index up to it; `take_up` does what else a start has to do.

        Raises:
            ConfigError: there is no ledger, or something in it is of another version.
            LedgerDamaged, IndexAhead: it is not what was signed.
        """
        await self.ledger.start()
        await self.books.start(rebuild=rebuild_index)
        await self.continuing.look()
        await self._look_at_volumes()
        await self._retention.look_at_clock(self._sync())

    async def take_up(self) -> None:
        """Replay tombstones, and destroy what is in the ledger as to be destroyed, whatever the clock says now.

        It reads a piece of every slot of the keyring, and there are as many as segments: nobody waits for it.
        """
        await self._survive("keyring", self._places.look)
        await self._survive("retention", self._finish_destruction)

    async def run(self, stop: Stop) -> None:
        """Ingest, destroy, compare and sign until the stop; an unexpected error, or a damaged index, ends it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every(CHECKPOINT_SECONDS, stop, "checkpoint", self._checkpoint))
            tasks.create_task(self._every(self._settings.poll_s, stop, "ingest", self._ingest_round))
            tasks.create_task(self._rely_on_index(stop))
        await self._settle()

    async def _rely_on_index(self, stop: Stop) -> None:
        """Destroy and compare by the index, once all of it was read: a page less may be a hold less."""
        if not await self._until_checked(stop):
            return
        settings = self._settings
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._retain(stop))
            tasks.create_task(self._every(settings.reconcile_s, stop, "reconcile", self.reconcile))
            tasks.create_task(self._every(settings.poll_s, stop, "continued", self._compare_if_continued))
            tasks.create_task(self._every(FORECAST_SECONDS, stop, "forecast", self.look_ahead))
            tasks.create_task(self._every(settings.poll_s, stop, "check", self.check_turn))
            tasks.create_task(self._every(settings.retention_s, stop, "copies", self.copy_turn))
            tasks.create_task(self._end_long_work(stop))

    async def _until_checked(self, stop: Stop) -> bool:
        """Read the index through, again where the disk refuses; whether work goes on."""
        while await unless_stopped(stop, self._survive("index", self.books.check)):
            if "index" not in self._faults:
                return True
            await pause(self._clock, stop, self._settings.retention_s)
        return False

    async def _retain(self, stop: Stop) -> None:
        await self.take_up()
        await self._every(self._settings.retention_s, stop, "retention", self.retention_pass)

    async def _settle(self) -> None:
        """Take in what the recorders told last, and sign the last checkpoint; what fails is done at the next start."""
        await self._survive("ingest", self._ingest_round)
        await self._survive("checkpoint", self._checkpoint)

    async def _end_long_work(self, stop: Stop) -> None:
        await stop.wait()
        self.checking.end()
        self._places.end()
        self._comparing.end()
        self.copying.end()

    async def close(self) -> None:
        """Let go of everything; what was appended is durable."""
        self.checking.close()
        self.copying.close()
        await asyncio.to_thread(self._volumes.close)
        await self.books.close()
        await self.ledger.close()

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> list[Appended]:
        """Append a group of `{"t","actor","act","body"}` for access, whole or not at all.

        Raises:
            InvalidValue: an entry is malformed, or not of a type that access may append.
            LedgerRestored, LedgerHalted: the ledger is an old copy, and nobody has declared it.
            NotRestored: a `continue` declares what is not so.
            LedgerUnavailable: the ledger did not take it.
        """
        drafts = [draft_of(entry) for entry in entries]
        appended = await self.books.append(drafts)
        if self.continuing.broken is not None:
            await self.continuing.look()
            self._compare_soon = self.continuing.broken is None
            await self._survive("checkpoint", self._checkpoint)
        return appended

    async def find_act(self, act: str) -> int | None:
        """The index of an act, if the ledger has it."""
        return await self.ledger.find_act(act)

    async def entry(self, index: int) -> bytes:
        """The bytes of one entry. Raises InvalidValue: there is none."""
        return await self.ledger.entry(index)

    async def entries(self, first: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` entries, never more than 1000, from index `first` on."""
        return await self.ledger.entries(first, min(limit, MOST_ENTRIES))

    async def proof(self, index: int, size: int | None = None) -> ProofFile:
        """The inclusion proof of an entry. Raises as `LedgerService.proof`."""
        return await self.ledger.proof(index, size)

    async def consistency(self, from_size: int, to_size: int | None = None) -> ConsistencyProof:
        """The proof that the ledger only grew since. Raises as `LedgerService.consistency`."""
        return await self.ledger.consistency(from_size, to_size)

    async def rotate(self, cameras: Sequence[CameraId], ask: Rotate) -> list[SegmentId]:
        """Have the cameras' segments closed; they, once ledger and index have them.

        Raises:
            RotationIncomplete: they did not all arrive within 30 s.
            LedgerHalted: the ledger is an old copy.
        """
        self.continuing.demand_whole()
        closed = list(await ask(cameras))
        deadline_us = self._clock.mono_us() + int(ROTATE_SECONDS * 1_000_000)
        while True:
            await self.ingest.round()
            missing = [seg for seg in closed if not await self._comparing.is_known(seg)]
            if not missing:
                return closed
            if self._clock.mono_us() >= deadline_us:
                raise RotationIncomplete(segments=len(missing))
            await self._clock.sleep(self._settings.poll_s)

    async def publish(self, cameras: Sequence[CameraEntry]) -> int:
        """Publish a new camera snapshot to the recorders; the ledger's size that it carries."""
        path = self._settings.camera_snapshot
        async with self._publishing:
            size = await self.ledger.size()
            await asyncio.to_thread(make_directory, path.parent)
            await asyncio.to_thread(snapshot.publish, path, CameraSnapshot(size, tuple(cameras)))
        return size

    async def status(self) -> KeeperStatus:
        """How things stand; no database is asked, so that one that is away is told here too."""
        progress = self.books.progress
        return KeeperStatus(
            ledger_size=await self.ledger.size(),
            index_size=0 if progress is None else progress.applied_size,
            checkpoint=await self.ledger.last_checkpoint(),
            spools=tuple(self.ingest.pending()),
            volumes={volume.id: str(volume.path) for volume in self._volumes.in_use.values()},
            last_pass=self._last_pass,
            forecast=self._forecast,
            last_pass_utc_us=self._last_pass_utc_us,
            compared_utc_us=self._compared_utc_us,
            at_risk_utc_us=self._at_risk_utc_us,
            damaged=self._damage[0],
            damaged_held=self._damage[1],
            check=self.checking.state,
            scrub=self.checking.scrub,
            copies=self.copying.status,
            broken=self.continuing.broken,
            faults=self._all_faults() | _damage(*self._damage),
        )

    async def damaged(self) -> list[tuple[SegmentRow, bool]]:
        """The segments whose files are not what was sealed, 1000 at most, and whether a hold covers each."""
        rows = await self.books.survey(IndexReader.damaged, MOST_ENTRIES)
        held = await self.books.survey(IndexReader.held_among, [row.seg for row in rows], self._clock.utc_us())
        return [(row, row.seg in held) for row in rows]

    def _all_faults(self) -> dict[str, str]:
        faults = dict(self._volumes.faults)
        of_parts = (self.books.faults, self._places.faults, self.ingest.faults(), self.copying.faults)
        for found in (*self._damaged.values(), *of_parts, self._faults):
            faults |= found
        return {**faults, **self._held_lost}

    async def check_turn(self) -> None:
        """Run a check that was asked for or is due, to its end or its stop, and count what is damaged by then."""
        if await self.checking.turn():
            await self._count_damage()

    async def copy_turn(self) -> None:
        """Take away second copies that no hold needs, and make those that are wanted."""
        self.continuing.demand_whole()
        await self.copying.turn()

    async def _count_damage(self) -> None:
        self._damage = await self.books.survey(IndexReader.damage, self._clock.utc_us())

    async def _finish_destruction(self) -> None:
        self.continuing.demand_whole()
        self._note_what_stayed(await self._reaper.finish())

    async def retention_pass(self) -> None:
        """Destroy what is due, if the clock may be believed."""
        await self._look_at_volumes()
        await self._survive("keyring", self._places.look)
        await self._count_damage()  # a check may run for days
        self.continuing.demand_whole()
        if (until := self.continuing.resumes_utc_us()) is not None:
            raise RetentionWaits(until_utc_us=until)
        async with self._places.turn:
            self._last_pass = done = await self._retention.run(self._sync())
        self._last_pass_utc_us = self._clock.utc_us()
        if done.paused is not None:
            paused = f"nothing is destroyed: the clock is {done.paused}; `timedatectl` says more"
            self._faults["clock"] = Fault.told(paused, "status-retention-paused")
            return
        self._faults.pop("clock", None)
        await self._survive("statement", self._state_days)
        self._note_what_stayed(done.destroyed)
        await self._survive("blobs", self._prune_blobs)
        self._held_lost = await self.books.survey(lost_under_holds, now_utc_us=self._clock.utc_us())

    async def look_ahead(self) -> None:
        """Estimate when disks run short; one whose room can not be read is left out, and told by the next pass."""
        rooms = await asyncio.to_thread(rooms_of, list(self._volumes.for_recording.values()))
        now, settings = self._clock.utc_us(), self._settings
        question = partial(forecast_of, rooms=rooms, reserve_bytes=settings.reserve_bytes)
        self._forecast = found = await self.books.survey(question, settings.zone, now)
        at_risk = found.minimum_at_risk_utc_us
        self._at_risk_utc_us = at_risk if at_risk is not None and at_risk <= now + NOTICE_US else None

    async def reconcile(self) -> None:
        """Compare every volume in service with the index, and log what differs; a volume that fails is a fault."""
        self.continuing.demand_whole()
        for volume in list(self._volumes.in_use.values()):
            await self._survive(f"volume {volume.path}", partial(self._reconcile_all, volume))
        await self._survive("discarded", partial(self._comparing.lose_discarded, self._volumes.in_use.keys()))
        self._compared_utc_us = self._clock.utc_us()

    async def _compare_if_continued(self) -> None:
        """What a restore lost of the ledger is on the volumes: it is not left until the next comparison."""
        if self._compare_soon:
            self._compare_soon = False
            await self._survive("reconcile", self.reconcile)

    async def _reconcile_all(self, volume: Volume) -> None:
        found = await self._comparing.run(volume, EVERYTHING)
        self._damaged[volume.path] = {path.name: why for path, why in found.damaged}

    async def _ingest_round(self) -> None:
        self.continuing.demand_whole()
        await self.ingest.round()
        await self.books.follow()

    def _note_what_stayed(self, destroyed: Destroyed) -> None:
        """Files under the name of the volume's comparison, keys under their place: what removes them ends the fault."""
        for volume in self._volumes.in_use.values():
            if str(volume.path) in destroyed.faults:
                self._faults[f"volume {volume.path}"] = destroyed.faults[str(volume.path)]
        self._places.note(destroyed.faults)

    async def _state_days(self) -> None:
        await self._stating.run(self._clock.utc_us())

    async def _prune_blobs(self) -> None:
        await asyncio.to_thread(blobs.prune, self._settings.blobs, self._clock.utc_us())

    async def _checkpoint(self) -> None:
        await self.continuing.look()  # a place that came back may have another tree's: nothing is signed then
        self.continuing.demand_whole()
        await self.continuing.leave_mark(await self.ledger.checkpoint())

    async def _look_at_volumes(self) -> None:
        await asyncio.to_thread(self._volumes.look)

    async def _every(self, seconds: float, stop: Stop, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while not stop.is_set():
            await self._survive(name, work)
            await pause(self._clock, stop, seconds)

    async def _survive(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; an error that somebody is meant to act on is shown in the status, and the next turn tries.

        So is what a disk refuses: the keeper has several, and one of them must not end the work on the others. Only a
        damaged index ends the keeper: its next start makes the index anew.
        """
        try:
            await work()
        except IndexDamaged:
            raise
        except NvrError as error:
            self._faults[name] = Fault.of(error)
        except OSError as error:
            self._faults[name] = Fault.of(DiskRefused(what=str(error)))
        else:
            self._faults.pop(name, None)


def _damage(segments: int, held: int) -> dict[str, str]:
    if not segments:
        return {}
    told = f"{segments} segments are not what was sealed, {held} of them held: nvr-admin index damaged"
    return {DAMAGED: Fault.told(told, DAMAGED, count=segments, held=held)}
