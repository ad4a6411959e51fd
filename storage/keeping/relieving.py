"""Room for recording: which volumes are short of it, what is destroyed for it, and when that is no help."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from storage.books import Books
from storage.holds import held_now
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keeping.surveys import guarded, reserve_of, rules_of
from storage.reaper import NOTHING, Destroyed, Reaper
from storage.relief import filling, full, plan_relief
from storage.retention import Decision
from storage.retention_guards import Halt, blind, idle
from storage.volume import Space, Volume, VolumeId, VolumeLost

Volumes = Callable[[], Mapping[VolumeId, Volume]]


@dataclass(slots=True)
class Relieved:
    """What was destroyed for want of room, on which volumes, and what was stopped."""

    pressed: list[VolumeId] = field(default_factory=list)
    destroyed: Destroyed = NOTHING
    halts: list[Halt] = field(default_factory=list)


class Relieving:
    """One per keeper. It remembers the volumes on which relief was no help, until there is more room on them."""

    def __init__(self, books: Books, reaper: Reaper, volumes: Volumes, *, zone: tzinfo, reserve_bytes: int) -> None:
        self._books = books
        self._reaper = reaper
        self._volumes = volumes
        self._zone = zone
        self._reserve_bytes = reserve_bytes
        self._idle: dict[VolumeId, tuple[int, Halt]] = {}
        """By volume, the room that there was when relief stopped."""

    async def run(self, now_utc_us: int) -> Relieved:
        """Make room on each volume that is short of it. Raises as `Reaper.run`."""
        done = Relieved()
        for volume in self._volumes().values():
            try:
                await self._relieve(volume, now_utc_us, done)
            except VolumeLost as error:
                done.halts.append(blind(str(volume.path), str(error.fields.get("what", error))))
        return done

    async def _relieve(self, volume: Volume, now_utc_us: int, done: Relieved) -> None:
        before = await asyncio.to_thread(room_of, volume)
        short_bytes = reserve_of(before, self._reserve_bytes) - before.free_bytes
        stopped = self._idle.get(volume.id)
        if stopped is not None and short_bytes > 0 and before.free_bytes <= stopped[0]:
            done.halts.append(stopped[1])
            return
        self._idle.pop(volume.id, None)
        if short_bytes <= 0:
            return
        chosen, halts = await self._books.survey(_plan, self._zone, now_utc_us, volume, short_bytes)
        done.halts += halts
        if not chosen:
            return
        destroyed = await self._reaper.run(chosen)
        done.pressed.append(volume.id)
        done.destroyed += destroyed
        after = await asyncio.to_thread(room_of, volume)
        if destroyed.segments and after.free_bytes <= before.free_bytes:
            halt = idle(str(volume.path), destroyed.segments, destroyed.bytes, after.free_bytes)
            self._idle[volume.id] = (after.free_bytes, halt)
            done.halts.append(halt)


def room_of(volume: Volume) -> Space:
    """Raises VolumeLost: the file system does not say, or says what can not be."""
    space = volume.space()
    if not 0 <= space.free_bytes <= space.total_bytes or not space.total_bytes:
        raise VolumeLost(path=str(volume.path), what=f"{space.free_bytes} bytes free of {space.total_bytes}")
    return space


def _plan(
    index: IndexReader, zone: tzinfo, now_utc_us: int, volume: Volume, short_bytes: int
) -> tuple[Sequence[Decision], list[Halt]]:
    """The oldest that may go. Segments are named by when they were opened: pages come in the order of time."""
    rules, scopes, continuing = rules_of(index, zone), index.holds(), index.continuing(now_utc_us)
    held = held_now(scopes, continuing, now_utc_us)
    chosen: list[Decision] = []
    found_bytes = 0
    seen: list[SegmentRow] = []
    for page in index.of_volume(volume.id, [SegmentState.SEALED]):
        chosen += plan_relief(page, held, rules, now_utc_us, short_bytes - found_bytes)
        found_bytes = sum(decision.segment.file_bytes for decision in chosen)
        if found_bytes >= short_bytes:
            break
        seen += page
    halts: list[Halt] = []
    if found_bytes < short_bytes:
        fills = filling(seen, scopes, continuing, rules, now_utc_us)
        halts.append(full(str(volume.path), fills, short_bytes - found_bytes))
    kept, stopped = guarded(index, chosen, now_utc_us)
    return kept, halts + stopped
