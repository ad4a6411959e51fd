"""Bent files are mended from their copies, one after the other, each told before and after.

M1 to M7 of docs/design/storage.md, "Evidence volume".
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from nvr.base.ids import SegmentId
from storage.books import Books
from storage.copying import Taken, drop
from storage.faults import Fault
from storage.index.on_evidence import copies_of, damaged_with_copy
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keeping.discarded import damaged_of
from storage.keeping.volumes import VolumesKept
from storage.ledger.service import Draft
from storage.mending import Found, NotMended, prepare, replace
from storage.reading_budget import Stopped
from storage.reaper import remove_footage
from storage.reserve import NO_ROOM
from storage.volume import Volume, VolumeId, VolumeLost

T = TypeVar("T")

_PAGE: Final = 500
_log: Final = logging.getLogger(__name__)


class Mending:
    """One per keeper; `lock` and `thread` are those of the copies, and so is `taken`, the bound on reading."""

    def __init__(
        self, books: Books, volumes: VolumesKept, lock: asyncio.Lock, thread: ThreadPoolExecutor, taken: Taken
    ) -> None:
        self._books = books
        self._volumes = volumes
        self._lock = lock
        self._thread = thread
        self._taken = taken
        self._failing: dict[VolumeId, Fault] = {}
        self._left: dict[SegmentId, tuple[VolumeId, Fault]] = {}

    @property
    def faults(self) -> dict[str, str]:
        """By volume, why a file there is not mended until the keeper starts; of several files the last."""
        there = self._volumes.in_use
        found = dict(self._left.values()) | self._failing
        return {f"mending on {there[name].path}": why for name, why in found.items() if name in there}

    async def turn(self, is_over: Callable[[], bool]) -> None:
        """Mend each file that is known to be bent and has a copy, as long as both disks are there and it is not over.

        Raises:
            NvrError: the books can not be used just now; the next turn goes on.
        """
        after, seen = "", set[SegmentId]()
        while page := await self._books.survey(_waiting, list(self._volumes.in_use), after):
            for row in page:
                if is_over():
                    return
                if row.seg not in self._left and row.volume not in self._failing:
                    async with self._lock:
                        await self._mend(row)
                seen.add(row.seg)
            after = page[-1].seg
        self._left = {seg: why for seg, why in self._left.items() if seg in seen}

    async def _mend(self, row: SegmentRow) -> None:
        own = self._volumes.in_use.get(row.volume)
        source = await self._copy_of(row)
        if own is None or source is None:
            return
        try:
            await self._mended(row, own, source)
        except NotMended as error:
            if await self._in_thread(source.is_itself):  # a disk that goes makes every file bad, and none of them is
                self._left[row.seg] = (own.id, Fault.of(error))
        except (VolumeLost, Stopped):
            return  # what is no more in use at the next look is told there; the stop ends the turn
        except OSError as error:
            if error.errno not in NO_ROOM and await self._in_thread(own.is_itself):
                self._failing[own.id] = Fault.of(VolumeLost(path=str(own.path), what=str(error)))
        finally:
            await self._in_thread(partial(drop, own, row))

    async def _mended(self, row: SegmentRow, own: Volume, source: Volume) -> None:
        copy = source.sealed_path(row.camera, row.start_utc_us, row.seg)
        found = await self._in_thread(partial(prepare, own, copy, row, self._taken))
        if found is Found.READY:
            if await self._now(row) != row or await self._copy_of(row) != source:
                return  # told otherwise meanwhile: destroyed, or missed
            await self._books.append([Draft(damaged_of(row, row.damaged_why, mended_from=source.id))])
            await self._in_thread(partial(replace, own, row))
            _log.warning("segment %s was mended from its copy; its bent file is kept beside it", row.seg)
        if found is not Found.LATER:
            await self._tell_whole(row, own)

    async def _tell_whole(self, row: SegmentRow, own: Volume) -> None:
        """M7, unless the segment was destroyed meanwhile, or missed: then its file goes again, or is found again."""
        async with self._books.destruction:
            await self._books.follow()
            now = await self._now(row)
            if now is not None and now.state is SegmentState.SEALED and now.volume == own.id:
                await self._books.append([Draft(damaged_of(row, None))])
                await self._books.follow()
        if now is not None and now.state is SegmentState.GONE:
            await self._in_thread(partial(remove_footage, own, [row]))

    async def _now(self, row: SegmentRow) -> SegmentRow | None:
        return await self._books.ask(Index.segment, row.seg)

    async def _copy_of(self, row: SegmentRow) -> Volume | None:
        copies = await self._books.ask(Index.answer, lambda connection: copies_of(connection, [row.seg]))
        return self._volumes.in_use.get(VolumeId(copies.get(row.seg, "")))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _waiting(index: IndexReader, volumes: Sequence[str], after: str) -> list[SegmentRow]:
    return index.answer(lambda connection: damaged_with_copy(connection, volumes, after, _PAGE))
