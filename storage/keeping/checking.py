"""Checking footage against the index while recording goes on: one at a time, which can be stopped."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nvr.base.clock import Clock
from nvr.base.errors import Refused
from nvr.base.stop import Stop
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage import disk
from storage.books import Books
from storage.index.rows import SegmentRow
from storage.inspection import Depth, wrong_with
from storage.keeping.check_mark import WHOLE, Mark, Request, load_mark, remove_mark
from storage.keeping.check_run import PAGE, CheckRun, Compare, Parts
from storage.keeping.checked_files import extent_of, files_to_check
from storage.reading_budget import ReadingBudget
from storage.volume import Volume, VolumeId

ASKED: Final = "asked.json"
SCRUB: Final = "scrub.json"
EVERY_BYTE: Final = Request(Depth.HASH)
LEAST_SCRUB_BYTES_PER_SECOND: Final = 1 << 20
_SCRUB_PAUSE_US: Final = 3600 * US_PER_SECOND
_TRIAL_BYTES: Final = 64 << 20
_TRIAL_US: Final = US_PER_SECOND


class CheckRuns(Refused):
    """A check runs already; it can be stopped."""

    message_id = "check-runs"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a check would cost. `bytes` are read only at depth `hash`; `resumed_utc_us`: begun then, and goes on.

    `bytes_per_second` is measured on the first files just now; None where nothing is read.
    """

    volumes: Sequence[str]
    files: int
    bytes: int
    seconds: int
    bytes_per_second: int | None
    resumed_utc_us: int | None


class Checking:
    """One per keeper, which calls `turn` again and again. Files are read in a thread, behind everybody else's reads."""

    def __init__(
        self,
        books: Books,
        compare: Compare,
        volumes: Callable[[], Mapping[VolumeId, Volume]],
        directory: Path,
        clock: Clock,
        *,
        scrub_days: int = 0,
    ) -> None:
        """The marks stand in `directory`. Every file is hashed once in `scrub_days`; 0: only when somebody asks."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="check", initializer=disk.read_behind_others)
        self._parts = Parts(books, compare, volumes, clock, thread)
        self._directory = directory
        self._clock = clock
        self._scrub_days = scrub_days
        self._asked: CheckRun | None = None
        self._scrub: CheckRun | None = None
        self._scrub_next_us = 0
        self._is_ended = False

    @property
    def state(self) -> dict[str, Any] | None:
        """How the check stands that was asked last since the keeper began; None without one."""
        return None if self._asked is None else self._asked.to_json()

    @property
    def scrub(self) -> dict[str, Any] | None:
        """How the keeper's own check stands."""
        return None if self._scrub is None else self._scrub.to_json()

    async def plan(self, request: Request, bytes_per_second: int | None, *, anew: bool = False) -> Plan:
        """What the check would cost; some of the first files are read in order to know how fast the disk is."""
        mark = await self._mark_of(request, self._directory / ASKED, anew=anew)
        volumes = [volume for volume in self._chosen(request) if mark.at.get(volume.id) != WHOLE]
        files, size = await self._extent(mark, volumes)
        per_file_us, measured = await self._trial(mark, volumes)
        if measured is None:
            size, seconds = 0, files * per_file_us // US_PER_SECOND
        else:
            seconds = size // max(1, min(measured, bytes_per_second or measured))
        resumed = mark.begun_utc_us if mark.at else None
        return Plan([str(volume.path) for volume in volumes], files, size, seconds, measured, resumed)

    async def begin(self, request: Request, bytes_per_second: int | None, *, anew: bool = False) -> None:
        """Have the next turn run the check, or go on with it; the keeper's own one waits. Raises CheckRuns."""
        path = self._directory / ASKED
        mark = await self._mark_of(request, path, anew=anew)
        if self._asked is not None and self._asked.state == "running":
            raise CheckRuns
        self._asked = self._run_of(mark, path, bytes_per_second)
        if self._scrub is not None:
            self._scrub.stop.set()

    def stop(self) -> None:
        """End the check that was asked for, within a record; it goes on from there when it is asked again."""
        if self._asked is not None:
            self._asked.stop.set()

    def end(self) -> None:
        """End whatever runs, and whatever is begun from now on: the keeper stops."""
        self._is_ended = True
        for run in (self._asked, self._scrub):
            if run is not None:
                run.stop.set()

    def close(self) -> None:
        """Let go of the thread."""
        self._parts.thread.shutdown(wait=False)

    async def turn(self) -> bool:
        """Run the check that was asked for, or the keeper's own one when it is due, to its end or its stop.

        Whether there was one.
        """
        asked = self._asked
        if asked is not None and asked.state == "running":
            await asked.run(self._chosen(asked.mark.request))
            if asked.state == "done" and not asked.left:
                await asyncio.to_thread(remove_mark, asked.path)
            return True
        if self._scrub_days and self._clock.mono_us() >= self._scrub_next_us:
            return await self._scrubbed()
        return False

    async def _scrubbed(self) -> bool:
        mark = await self._mark_of_scrub()
        if mark is not None:
            volumes = self._chosen(EVERY_BYTE)
            _, size = await self._extent(mark, volumes)
            left_us = max(mark.begun_utc_us + self._scrub_days * US_PER_DAY - self._clock.utc_us(), US_PER_DAY)
            rate = max(LEAST_SCRUB_BYTES_PER_SECOND, size * US_PER_SECOND // left_us)
            self._scrub = self._run_of(mark, self._directory / SCRUB, rate)
            await self._scrub.run(volumes)
            if self._scrub.state == "stopped":  # somebody's check goes first, and this one goes on behind it
                return True
        self._scrub_next_us = self._clock.mono_us() + _SCRUB_PAUSE_US
        return mark is not None

    def _run_of(self, mark: Mark, path: Path, bytes_per_second: int | None) -> CheckRun:
        run = CheckRun(self._parts, mark, path, bytes_per_second)
        if self._is_ended:
            run.stop.set()
        return run

    async def _mark_of_scrub(self) -> Mark | None:
        """Where the keeper's own check goes on; None: every volume is done, and the next round is not due."""
        now_utc_us = self._clock.utc_us()
        mark = await asyncio.to_thread(load_mark, self._directory / SCRUB) or Mark(EVERY_BYTE, now_utc_us)
        if any(mark.at.get(volume.id) != WHOLE for volume in self._chosen(EVERY_BYTE)):
            return mark
        is_due = now_utc_us >= mark.begun_utc_us + self._scrub_days * US_PER_DAY
        return Mark(EVERY_BYTE, now_utc_us) if is_due else None

    async def _extent(self, mark: Mark, volumes: Sequence[Volume]) -> tuple[int, int]:
        extents = [
            await self._parts.books.survey(extent_of, mark.to_check(volume.id), mark.at.get(volume.id, ""))
            for volume in volumes
        ]
        return sum(files for files, _ in extents), sum(size for _, size in extents)

    async def _trial(self, mark: Mark, volumes: Sequence[Volume]) -> tuple[int, int | None]:
        """Microseconds a file and, where they are read, bytes a second, measured on the first files."""
        for volume in volumes:
            which, after = mark.to_check(volume.id), mark.at.get(volume.id, "")
            rows = await self._parts.books.survey(files_to_check, which, after, PAGE)
            if rows:
                return await asyncio.to_thread(self._measured, volume, rows, mark.request.depth)
        return 0, None

    def _measured(self, volume: Volume, rows: Sequence[SegmentRow], depth: Depth) -> tuple[int, int | None]:
        budget = ReadingBudget(None, self._clock, Stop())
        looked_at = Depth.HASH if depth is Depth.HASH else Depth.SIZE
        began_us = self._clock.mono_us()
        size = files = 0
        for row in rows:
            try:
                wrong_with(volume.sealed_path(row.camera, row.start_utc_us, row.seg), row, looked_at, budget.take)
            except FileNotFoundError:
                continue
            size, files = size + row.file_bytes, files + 1
            if depth is Depth.HASH and (size >= _TRIAL_BYTES or self._clock.mono_us() - began_us >= _TRIAL_US):
                break
        took_us = max(1, self._clock.mono_us() - began_us)
        measured = max(1, size * US_PER_SECOND // took_us) if depth is Depth.HASH and size else None
        return took_us // max(1, files), measured

    async def _mark_of(self, request: Request, path: Path, *, anew: bool) -> Mark:
        found = None if anew else await asyncio.to_thread(load_mark, path)
        return found if found is not None and found.request == request else Mark(request, self._clock.utc_us())

    def _chosen(self, request: Request) -> list[Volume]:
        in_use = self._parts.volumes()
        return [in_use[name] for name in sorted(in_use) if not request.volumes or name in request.volumes]
