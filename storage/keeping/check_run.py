"""One check on its way: volume by volume, portion by portion, each told before the mark moves."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND
from storage.books import Books
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.inspection import Depth, wrong_with
from storage.keeping.check_mark import WHOLE, Mark, save_mark
from storage.keeping.check_report import MOST_SHOWN, Kind, Report, of_comparison, of_segment
from storage.keeping.checked_files import files_to_check
from storage.keeping.discarded import damaged_of, uncopied_of
from storage.ledger.service import Draft
from storage.reading_budget import ReadingBudget, Stopped
from storage.reconcile import Findings, Scope
from storage.volume import Volume, VolumeId

T = TypeVar("T")

Compare = Callable[[Volume, Scope], Awaitable[Findings]]
"""Compares a volume with the index, tells the ledger what differs, and says what did."""

PAGE: Final = 500
PORTION_US: Final = 2 * US_PER_SECOND
"""So long at most files are looked at before what was found is told and the mark moves; a file is looked at whole."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What every check of a keeper works with; `thread` reads the files, `volumes` gives those in use."""

    books: Books
    compare: Compare
    volumes: Callable[[], Mapping[VolumeId, Volume]]
    clock: Clock
    thread: ThreadPoolExecutor


@dataclass(frozen=True, slots=True)
class _Looked:
    row: SegmentRow
    wrong: str | None
    is_there: bool


@dataclass(slots=True)
class CheckRun:
    """`run` it once; `stop` ends it within a record. `left` are volumes that it could not see to the end, and why."""

    parts: Parts
    mark: Mark
    path: Path
    bytes_per_second: int | None
    stop: Stop = field(default_factory=Stop)
    state: str = "running"
    """`running`, `stopped` (what is asked again goes on there) or `done`."""
    files: int = 0
    bytes: int = 0
    seconds: int = 0
    report: Report = field(default_factory=Report)
    left: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """How it stands."""
        told = {name: getattr(self, name) for name in ("state", "files", "bytes", "seconds", "left")}
        return {**told, "request": self.mark.request.to_json(), **self.report.to_json()}

    async def run(self, volumes: Sequence[Volume]) -> None:
        """Check what the mark has not behind it."""
        began_us = self.parts.clock.mono_us()
        budget = ReadingBudget(self.bytes_per_second, self.parts.clock, self.stop)
        for volume in volumes:
            if self.mark.at.get(volume.id) != WHOLE and not self.stop.is_set():
                try:
                    await self._check(volume, budget, began_us)
                except (NvrError, OSError) as error:
                    self.left[str(volume.path)] = str(error)
        self._count_time(began_us)
        self.state = "stopped" if self.stop.is_set() else "done"

    async def _check(self, volume: Volume, budget: ReadingBudget, began_us: int) -> None:
        if volume.id not in self.mark.at:
            await self._compared(volume)
            await self._move(volume, "")
        depth = self.mark.request.depth
        while depth is not Depth.PRESENCE and not self.stop.is_set():
            which, after = self.mark.to_check(volume.id), self.mark.at[volume.id]
            rows = await self.parts.books.survey(files_to_check, which, after, PAGE)
            if not rows:
                break
            looked = await self._in_thread(partial(self._look, volume, rows, depth, budget))
            await self._tell(volume, looked, budget)
            if looked:
                await self._move(volume, looked[-1].row.seg)
            self._count_time(began_us)
        if not self.stop.is_set():
            await self._move(volume, WHOLE)

    async def _compared(self, volume: Volume) -> None:
        found = await self.parts.compare(volume, self.mark.request.scope)
        held = await self._held(row.seg for row in found.missing)
        for finding in of_comparison(volume, found, held):
            self.report.add(finding)

    def _look(self, volume: Volume, rows: Sequence[SegmentRow], depth: Depth, budget: ReadingBudget) -> list[_Looked]:
        """As many as there is time for, one at least."""
        looked: list[_Looked] = []
        until_us = self.parts.clock.mono_us() + PORTION_US
        for row in rows:
            path = volume.sealed_path(row.camera, row.start_utc_us, row.seg)
            try:
                looked.append(_Looked(row, wrong_with(path, row, depth, budget.take), is_there=True))
            except FileNotFoundError:
                looked.append(_Looked(row, None, is_there=False))
            except Stopped:
                break
            if self.parts.clock.mono_us() >= until_us:
                break
        if any(one.wrong is not None or not one.is_there for one in looked):
            volume.check()  # a disk that goes makes every file bad, and none of them is
        return looked

    async def _tell(self, volume: Volume, looked: Sequence[_Looked], budget: ReadingBudget) -> None:
        """What is damaged, what is whole again; a file that went since the comparison is that of a missing segment."""
        self.files += len(looked)
        self.bytes += sum(one.row.file_bytes for one in looked)
        own = [one for one in looked if one.row.volume == volume.id]
        bent_copies = [one for one in looked if one.row.volume != volume.id and one.wrong is not None]
        await self._tell_copies(volume, bent_copies, budget)
        differs = [one for one in own if one.is_there and (one.wrong or one.row.damaged_why) is not None]
        held = await self._held(one.row.seg for one in differs)
        drafts = []
        for row, why in [(one.row, one.wrong) for one in differs if await self._is_sealed(one.row)]:
            self.report.add(of_segment(Kind.DAMAGED if why else Kind.WHOLE, volume, row, why=why, held=held))
            drafts += [Draft(damaged_of(row, why))] if why != row.damaged_why else []
        if drafts:
            await self.parts.books.append(drafts)
            await self.parts.books.follow()
        if any([await self._is_sealed(one.row) for one in looked if not one.is_there]):
            await self._compared(volume)

    async def _tell_copies(self, volume: Volume, damaged: Sequence[_Looked], budget: ReadingBudget) -> None:
        """Copies that are not what was sealed count no more, and are made anew, if the segment's own file is whole.

        Else such a copy may have the records that the other lacks, and is read as far as it goes.
        """
        if not damaged:
            return
        for one in damaged:
            self.report.add(of_segment(Kind.COPY, volume, one.row, why=one.wrong, held=[one.row.seg]))
        spare = await self._in_thread(partial(self._spare, [one.row for one in damaged], budget))
        drafts = [*map(Draft, uncopied_of(volume.id, spare, "damaged"))]
        if drafts:
            await self.parts.books.append(drafts)
            await self.parts.books.follow()

    def _spare(self, rows: Sequence[SegmentRow], budget: ReadingBudget) -> list[SegmentId]:
        """Those whose own file is there, and whole."""
        whole: list[SegmentId] = []
        with suppress(Stopped):  # the next check finds the other copies again
            for row in rows:
                own = self.parts.volumes().get(row.volume)
                if own is not None and _is_whole(own, row, budget):
                    whole.append(row.seg)
        return whole

    async def _move(self, volume: Volume, seg: str) -> None:
        self.mark = self.mark.moved(volume.id, seg)
        await asyncio.to_thread(save_mark, self.path, self.mark)

    async def _held(self, segs: Iterable[str]) -> set[str]:
        names = list(segs)[:MOST_SHOWN]
        now_utc_us = self.parts.clock.utc_us()
        return await self.parts.books.survey(IndexReader.held_among, names, now_utc_us) if names else set()

    async def _is_sealed(self, row: SegmentRow) -> bool:
        """Whether it should be there still: it may have been destroyed on time meanwhile."""
        now = await self.parts.books.ask(Index.segment, row.seg)
        return now is not None and now.state is SegmentState.SEALED

    def _count_time(self, began_us: int) -> None:
        self.seconds = (self.parts.clock.mono_us() - began_us) // US_PER_SECOND

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.parts.thread, call)


def _is_whole(volume: Volume, row: SegmentRow, budget: ReadingBudget) -> bool:
    path = volume.sealed_path(row.camera, row.start_utc_us, row.seg)
    try:
        return wrong_with(path, row, Depth.HASH, budget.take) is None
    except FileNotFoundError:
        return False
