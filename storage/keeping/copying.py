"""Second copies of what holds keep: made one at a time, beside everything else, and taken away with the last hold.

The lock keeps a comparison from taking a copy for a leftover that the ledger is about to be told of.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage import disk
from storage.books import Books
from storage.copying import CopyDiffers, Outcome, clear, copy_segment
from storage.faults import Fault
from storage.index.on_evidence import Kept, copied_since, kept_now, without_copy, without_hold
from storage.index.on_volume import Total
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keeping.check_run import PAGE, PORTION_US, Compare
from storage.keeping.copies_status import COPIES_WAITING, RATE_DAYS, YOUNG_US, CopiesStatus, Patience, status_of
from storage.keeping.discarded import damaged_of
from storage.keeping.evidence_room import Room, Stopped, best_room, spaces_of
from storage.keeping.mending import Mending
from storage.keeping.volumes import VolumesKept
from storage.ledger.machine import Copied, Uncopied
from storage.ledger.service import Draft
from storage.reading_budget import ReadingBudget
from storage.reading_budget import Stopped as Ended
from storage.reaper import BATCH, remove_footage
from storage.reconcile import Scope
from storage.reserve import NO_ROOM
from storage.volume import Volume, VolumeId, VolumeLost

T = TypeVar("T")

BYTES_PER_SECOND: Final = 20 << 20
"""Read at most: each copy twice, once from the segment's own disk and once from its new one."""
_TURN_US: Final = 600 * US_PER_SECOND
_COUNT_US: Final = 60 * US_PER_SECOND


@dataclass(slots=True)
class _Portion:
    """What one stay in the thread brought. `fault`: what the evidence volume did."""

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: Stopped | None = None
    fault: Fault | None = None


class Copying:
    """One per keeper, which calls `turn` again and again."""

    def __init__(self, books: Books, compare: Compare, volumes: VolumesKept, lock: asyncio.Lock, clock: Clock) -> None:
        self._books = books
        self._compare = compare
        self._volumes = volumes
        self._lock = lock
        self._clock = clock
        self._stop = Stop()
        self._budget = ReadingBudget(BYTES_PER_SECOND, clock, self._stop)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy", initializer=disk.read_behind_others)
        self._erring: dict[VolumeId, Fault] = {}
        self._cleared: set[VolumeId] = set()
        self._patience = Patience()
        self._mending = Mending(books, volumes, lock, self._thread, self._budget.take)
        self._counted_us: int | None = None
        self.status: CopiesStatus | None = None
        """None before the first look, and without an evidence volume."""

    @property
    def faults(self) -> dict[str, str]:
        """What a person has to look at."""
        there = self._volumes.in_use
        found = {f"copies on {there[name].path}": why for name, why in self._erring.items() if name in there}
        waiting = None if self.status is None else self.status.fault
        waits = {} if waiting is None else {COPIES_WAITING: waiting}
        return {**found, **self._mending.faults, **waits}

    def end(self) -> None:
        """Leave the copy that is being made: the keeper stops."""
        self._stop.set()

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False)

    async def turn(self) -> None:
        """Mend what is bent, take away what no hold needs, and copy until nothing waits, no room is left, or the stop.

        The oldest is copied first. Mending and copying end after ten minutes each: neither starves the other, and what
        was held meanwhile may be older.

        Raises:
            NvrError: the books can not be used just now; the next turn goes on.
        """
        until_us = self._clock.mono_us() + _TURN_US
        for volume in self._volumes.in_use.values():
            await self._clear(volume)
        await self._mending.turn(lambda: self._is_over(until_us))
        for volume in self._volumes.in_use.values():
            await self._let_go(volume)
        if not self._volumes.evidence_settings:
            self.status = None
            return
        after: str | None = ""
        stopped: Stopped | None = None
        until_us = self._clock.mono_us() + _TURN_US
        while after is not None and not self._is_over(until_us):
            after, stopped = await self._copy_some(after)
            await self._count(stopped, at_once=after is None)

    def _is_over(self, until_us: int) -> bool:
        return self._stop.is_set() or self._clock.mono_us() >= until_us

    async def _copy_some(self, after: str) -> tuple[str | None, Stopped | None]:
        """One portion; behind which segment the next begins (None: there is none), and why no copy is made."""
        async with self._lock:
            room = await self._room()
            if isinstance(room, Stopped):
                return None, room
            sources = {name: each for name, each in self._volumes.in_use.items() if name != room.volume.id}
            rows = await self._books.survey(_waiting, self._clock.utc_us(), list(sources), after)
            if not rows:
                return None, None
            done = await self._in_thread(partial(self._copy, room, rows, sources))
            if done.fault is not None:  # first, whatever the books say: a call that failed is not tried again
                self._erring[room.volume.id] = done.fault
            if done.stopped is Stopped.AWAY:
                self._cleared.discard(room.volume.id)
            await self._publish(room.volume, [each.row for each in done.outcomes if each.copied])
        await self._tell_own_faults(sources, done.outcomes)
        if done.stopped is not None:
            return None, done.stopped
        # A volume that failed leaves its segments to another one, which begins where this one did.
        return (done.outcomes[-1].row.seg if done.outcomes else after), None

    async def _room(self) -> Room | Stopped:
        evidence = self._volumes.evidence
        spaces = await self._in_thread(partial(spaces_of, [volume for volume, _ in evidence.values()]))
        return await self._books.survey(best_room, evidence, self._erring.keys(), spaces)

    def _copy(self, room: Room, rows: Sequence[SegmentRow], sources: Mapping[VolumeId, Volume]) -> _Portion:
        """Copy as many as there is time for, one at least. In the thread."""
        done, left_bytes = _Portion(), room.left_bytes
        until_us = self._clock.mono_us() + PORTION_US
        try:
            for row in rows:
                if row.file_bytes > left_bytes:
                    done.stopped = Stopped.FULL
                    break
                room.volume.check()  # an unmounted disk leaves a folder, which would take everything
                own = sources[row.volume].sealed_path(row.camera, row.start_utc_us, row.seg)
                done.outcomes.append(copy_segment(own, room.volume, row, self._budget.take))
                left_bytes -= row.file_bytes
                if self._clock.mono_us() >= until_us:
                    break
            room.volume.check()
        except Ended:
            pass
        except VolumeLost:
            return _Portion(stopped=Stopped.AWAY)
        except (CopyDiffers, OSError) as error:
            _judge(done, room.volume, error)
        return done

    async def _clear(self, volume: Volume) -> None:
        """Remove what a crash left of a copy, whether or not the volume takes another: it may be of what is destroyed.

        Done once, and again when the volume was away.
        """
        self._cleared &= self._volumes.in_use.keys()
        if volume.id in self._cleared or volume.id in self._erring:
            return
        try:
            async with self._lock:
                await self._in_thread(partial(clear, volume))
            self._cleared.add(volume.id)
        except VolumeLost:
            return  # it is no more in use at the next look, which tells why
        except OSError as error:
            self._erring[volume.id] = Fault.of(VolumeLost(path=str(volume.path), what=str(error)))

    async def _publish(self, volume: Volume, rows: Sequence[SegmentRow]) -> None:
        """Tell the copies that are still wanted; the files of the others go again.

        No destruction goes on meanwhile: it comes before, and the segment is no more sealed, or it knows of the copy.
        """
        if not rows:
            return
        names = [row.seg for row in rows]
        async with self._books.destruction:
            await self._books.follow()
            held = await self._books.ask(Index.held_among, names, self._clock.utc_us())
            there = await self._books.ask(Index.named, names)
            wanted = {row.seg for row in there if _is_wanted(row, is_held=row.seg in held)}
            if wanted:
                segs = tuple(seg for seg in names if seg in wanted)
                await self._books.append([Draft(Copied(volume=volume.id, segs=segs))])
                await self._books.follow()
        await self._remove(volume, [row for row in there if row.seg not in wanted and row.volume != volume.id])

    async def _tell_own_faults(self, sources: Mapping[VolumeId, Volume], outcomes: Sequence[Outcome]) -> None:
        """What is wrong with the segments' own files, as a check tells it: damaged, or not there."""
        drafts, missed = [], dict[tuple[VolumeId, CameraId], int]()
        for each in outcomes:
            row = each.row
            if each.copied or (each.wrong is None and each.is_there):
                continue
            if not await asyncio.to_thread(sources[row.volume].is_itself):
                continue  # a disk that goes makes every file bad, and none of them is
            if each.wrong is not None:
                drafts.append(Draft(damaged_of(row, each.wrong)))
            else:
                where = row.volume, row.camera
                missed[where] = min(row.start_utc_us, missed.get(where, row.start_utc_us))
        if drafts:
            await self._books.append(drafts)
            await self._books.follow()
        for (volume, camera), since_utc_us in missed.items():
            await self._compare(sources[volume], Scope(frozenset({camera}), since_utc_us))

    async def _let_go(self, volume: Volume) -> None:
        """Take away the copies on this volume whose segments no hold keeps any more, and have their own files."""
        after = ""
        while not self._stop.is_set():
            page = await self._books.survey(_without_hold, volume.id, self._clock.utc_us(), after)
            if not page:
                return
            whole = await asyncio.to_thread(lambda rows: list(filter(self._volumes.has_file, rows)), page)
            async with self._lock:
                await self._take_away(volume, [row.seg for row in whole])
            after = page[-1].seg

    async def _take_away(self, volume: Volume, segs: Collection[str]) -> None:
        """Told first, then removed; not what a hold has reached meanwhile."""
        async with self._books.destruction:
            progress = await self._books.follow()
            # The earlier time keeps more: a hold may have run out by a wrong clock.
            now_utc_us = min(self._clock.utc_us(), progress.ledger_utc_us)
            free = tuple(sorted(set(segs) - await self._books.ask(Index.held_among, segs, now_utc_us)))
            if not free:
                return
            await self._books.append([Draft(Uncopied(volume=volume.id, segs=free, why="no hold"))])
            await self._books.follow()
        # From here on nothing makes one of these copies its segment's file; it may be so since before.
        there = await self._books.ask(Index.named, free)
        await self._remove(volume, [row for row in there if row.volume != volume.id])

    async def _remove(self, volume: Volume, rows: Sequence[SegmentRow]) -> None:
        """What stays, the volume's next comparison removes."""
        if rows:
            _, fault = await self._in_thread(partial(remove_footage, volume, rows))
            if fault is not None:
                self._erring[volume.id] = Fault.of(fault)

    async def _count(self, stopped: Stopped | None, *, at_once: bool) -> None:
        now_us = self._clock.mono_us()
        if not at_once and self._counted_us is not None and now_us - self._counted_us < _COUNT_US:
            return
        self._counted_us = now_us
        room = await self._room()
        now_utc_us = self._clock.utc_us()
        kept, old, week = await self._books.survey(_counted, now_utc_us)
        self.status = status_of(
            kept,
            stopped if not isinstance(room, Stopped) else room,
            None if isinstance(room, Stopped) else max(0, room.left_bytes),
            week,
            now_utc_us,
            late=self._patience.is_over(old, now_us),
        )

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _judge(done: _Portion, volume: Volume, error: CopyDiffers | OSError) -> None:
    """No room is no fault; a volume that is not itself any more comes back; any other has failed."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        done.stopped = Stopped.FULL
    elif volume.is_itself():
        failed = error if isinstance(error, CopyDiffers) else VolumeLost(path=str(volume.path), what=str(error))
        done.fault = Fault.of(failed)
    else:
        done.outcomes.clear()
        done.stopped = Stopped.AWAY


def _is_wanted(row: SegmentRow, *, is_held: bool) -> bool:
    """What was lost since it was copied is there again by its copy."""
    return row.state is SegmentState.LOST or (row.state is SegmentState.SEALED and is_held)


def _without_hold(index: IndexReader, volume: str, now_utc_us: int, after: str) -> list[SegmentRow]:
    return index.answer(lambda connection: without_hold(connection, volume, now_utc_us, after, BATCH))


def _waiting(index: IndexReader, now_utc_us: int, volumes: Sequence[str], after: str) -> list[SegmentRow]:
    return index.answer(lambda connection: without_copy(connection, now_utc_us, volumes, after, PAGE))


def _counted(index: IndexReader, now_utc_us: int) -> tuple[Kept, Total, Total]:
    """All that holds keep, what of it should have its copy by now and has not, and the copies of the last week."""
    kept, old = index.answer(lambda connection: kept_now(connection, now_utc_us, now_utc_us - YOUNG_US))
    week = index.answer(lambda connection: copied_since(connection, now_utc_us - RATE_DAYS * US_PER_DAY))
    return kept, old, week
