"""From the spools into the ledger, each event once, and from there into the index.

The cursor of a spool is the ledger itself: reading begins behind the last event of that boot that it holds.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, InvalidValue
from nvr.base.ids import CameraId, uuid7
from nvr.base.jcs import Json
from storage.books import Books
from storage.continuity import gaps_at_boot, gaps_shortened
from storage.durable import remove_file
from storage.faults import Fault
from storage.index.writer import Index
from storage.keeping import blobs
from storage.ledger.entries import LATE_US, RECORDER, Spool, body_from
from storage.ledger.machine import Body, Boot, ClockSync, Gap, Heartbeat, Seal
from storage.ledger.service import Draft
from storage.spool import lock_if_ended
from storage.spool_reader import SpoolDamaged, SpoolEvent, SpoolReader


@dataclass(slots=True)
class _Followed:
    """A spool that is being read."""

    shard: int
    reader: SpoolReader
    seen: tuple[int, int] | None = None
    """Size and modification time when all of it had been read."""
    fault: EvidenceAtRisk | InvalidValue | None = None


class Ingest:
    """All spools below these directories. `round` takes what is new; one round at a time."""

    def __init__(self, books: Books, directories: Sequence[Path], blob_directory: Path, clock: Clock) -> None:
        self._books = books
        self._directories = tuple(directories)
        self._blobs = blob_directory
        self._clock = clock
        self._followed: dict[Path, _Followed] = {}
        self._refused: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self.sync: ClockSync = "unknown"
        """What the last heartbeat said of the server's clock."""

    async def round(self) -> int:
        """Take what is whole in every spool, and remove those that ended; the number of events.

        A damaged spool stops at its first bad event and stays; the others go on (`faults` names it).

        Raises:
            LedgerUnavailable: nothing of the group on its way was appended; the next round takes it.
        """
        async with self._one_at_a_time:
            paths = await asyncio.to_thread(self._spools)
            for gone in self._followed.keys() - set(paths):
                del self._followed[gone]
            for name in self._refused.keys() - {path.name for path in paths}:
                del self._refused[name]
            return sum([await self._take(path) for path in paths])

    def faults(self) -> dict[str, str]:
        """Spools that can not be read further, or not for now, and why."""
        damaged = {path.name: Fault.of(one.fault) for path, one in self._followed.items() if one.fault is not None}
        return {**self._refused, **damaged}

    def pending(self) -> list[str]:
        """Spools that are there, by name."""
        return sorted(path.name for path in self._followed)

    def is_ended(self, boot: str, shard: int) -> bool:
        """Whether all that can be had of what this recorder process told is in the ledger. Any thread may ask.

        Its spool is gone, or it is damaged and nobody writes it any more.
        """
        spools = [directory / str(shard) / f"{boot}.spool" for directory in self._directories]
        return not any(path.exists() and not self._is_given_up(path) for path in spools)

    def _is_given_up(self, path: Path) -> bool:
        followed = self._followed.get(path)
        return followed is not None and followed.fault is not None and not _is_live(path)

    def _spools(self) -> list[Path]:
        """Every spool, those of a shard's ended processes before the one that lives."""
        shards = {
            shard
            for directory in self._directories
            if directory.is_dir()
            for shard in directory.iterdir()
            if shard.name.isdecimal()
        }
        spools = [path for shard in shards for path in shard.glob("*.spool")]
        return sorted(spools, key=lambda path: (int(path.parent.name), _is_live(path), path.name))

    async def _take(self, path: Path) -> int:
        lock = await asyncio.to_thread(lock_if_ended, path)
        try:
            return await self._take_all(path, has_ended=lock is not None)
        finally:
            if lock is not None:
                os.close(lock)

    async def _take_all(self, path: Path, *, has_ended: bool) -> int:
        # Whoever ended before this reading began has told everything: what is whole now is all there will be.
        followed = self._followed.get(path)
        if followed is None:
            shard = int(path.parent.name)
            last = await self._books.ledger.last_spooled(path.stem, shard)
            followed = _Followed(shard, SpoolReader(path, skip=0 if last is None else last + 1))
            self._followed[path] = followed
        if followed.fault is not None:
            return 0
        taken = 0
        try:
            while (events := await asyncio.to_thread(_read, followed)) is not None:
                await self._log(followed.shard, events)
                taken += len(events)
        except (SpoolDamaged, InvalidValue) as error:
            followed.fault = error
            return taken
        except OSError as error:
            # This spool's disk, or the state blobs': the other spools go on, the next round tries again.
            del self._followed[path]
            self._refused[path.name] = str(error)
            return taken
        except BaseException:
            # What was read may not be in the ledger: the next round asks it where to begin.
            self._followed.pop(path, None)
            raise
        self._refused.pop(path.name, None)
        if has_ended:
            await asyncio.to_thread(remove_file, path)
            del self._followed[path]
        return taken

    async def _log(self, shard: int, events: Sequence[SpoolEvent]) -> None:
        if events[0].n == 0:
            await self._log_boot(shard, events[0])
            events = events[1:]
        drafts: list[Draft] = []
        try:
            for event in events:
                drafts += [await self._draft(event)]
        finally:  # what came before a bad event is good
            await self._append(drafts)

    async def _append(self, drafts: Sequence[Draft]) -> None:
        found_again = {
            n: each.body for n, each in enumerate(drafts) if isinstance(each.body, Seal) and each.body.recovered
        }
        first, recovered = min(found_again, default=0), list(found_again.values())
        # What was told as lost is in the index before it is told as found.
        for group, found in ((drafts[:first], []), (drafts[first:], recovered)):
            if group:
                await self._books.append([*group, *await self.shortened(found)])
                await self._books.follow()

    async def _log_boot(self, shard: int, event: SpoolEvent) -> None:
        # In one group with the gaps that follow from it: they enter once, as it does.
        draft = await self._draft(event)
        if not isinstance(draft.body, Boot):
            raise SpoolDamaged(n=0, why="the first event is not boot")
        await self._books.follow()
        known = await self._books.ask(Index.known_until, shard)
        still_open = await self._books.ask(Index.open_gaps, shard)
        gaps = gaps_at_boot(draft.body.utc_us, known, still_open, self._new_id)
        await self._books.append([draft, *map(Draft, gaps)])
        await self._books.follow()

    async def shortened(self, recovered: Sequence[Seal]) -> list[Draft]:
        """The keeper's gaps as they are once these recovered segments are known; to be appended with them."""
        gaps: list[Gap] = []
        for camera in dict.fromkeys(CameraId(seal.camera) for seal in recovered):
            own = [seal for seal in recovered if seal.camera == camera]
            first, last = min(seal.start_utc_us for seal in own), max(seal.end_utc_us for seal in own)
            touched = await self._books.ask(Index.gaps, camera, first, last)
            gaps += gaps_shortened(touched, own, self._new_id)
        return [Draft(gap) for gap in gaps]

    async def _draft(self, event: SpoolEvent) -> Draft:
        late = self._clock.utc_us() >= event.ts_utc_us + LATE_US
        spool = Spool(
            boot=event.boot,
            shard=event.shard,
            n=event.n,
            ts_utc_us=event.ts_utc_us,
            mono_us=event.mono_us,
            late=late,
            sig=event.sig,
        )
        return Draft(await self._body(event), actor=RECORDER, spool=spool)

    async def _body(self, event: SpoolEvent) -> Body:
        if event.t != Heartbeat.t:
            return body_from(event.t, event.body)
        state: Json = event.body.get("state")
        name = await asyncio.to_thread(blobs.keep, self._blobs, state)
        body = body_from(event.t, {**event.body, "state": name})
        if isinstance(body, Heartbeat):
            self.sync = body.sync
        return body

    def _new_id(self) -> str:
        return uuid7(self._clock.utc_us())


def _is_live(path: Path) -> bool:
    lock = lock_if_ended(path)
    if lock is not None:
        os.close(lock)
    return lock is None


def _read(followed: _Followed) -> list[SpoolEvent] | None:
    """The next events; None when there are none, found without opening a file that did not change."""
    status = followed.reader.path.stat()
    now = (status.st_size, status.st_mtime_ns)
    if now == followed.seen:
        return None
    events = followed.reader.read()
    if not events:
        followed.seen = now
        return None
    return events
