"""Footage that is due at once: how fast it is destroyed, keys, files, ledger and index, and what recording notices.

The recorder records alone first; then the keeper starts, and finds all of it due. Files have 1 MiB of blocks, key slots
are whole. What the disk itself allows is measured before: files of that size, removed and their directories synced, and
nothing else.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, func, select

from benchmarks.fleet import fleet
from benchmarks.ingest import founded
from benchmarks.processes import orderly_ends, started
from benchmarks.roles import all_have_records, lost, status_of, until
from benchmarks.stock import fill
from benchmarks.table import Row
from benchmarks.usage import usage
from config.model import Settings
from nvr.app.commands import Role, role_command
from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage import disk
from storage.durable import remove_files
from storage.index.tables import SEGMENT, SegmentState

DEFAULT_SEGMENTS: Final = 20_000
GOAL_PER_S: Final = 1000.0
_CAMERAS: Final = 113
_FILE_BYTES: Final = 1 << 20
_BARE_FILES: Final = 5_000
_ALONE_S: Final = 20.0
_GIVE_UP_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the recorder noticed in a stretch."""

    lost: int
    worst_write_ms: float
    worst_sync_ms: float


def rows(*, cameras: int, segments: int, url: str | None) -> list[Row]:
    """Destroy `segments` segments while `cameras` cameras are recorded."""
    with (
        orderly_ends(),
        tempfile.TemporaryDirectory(prefix="scelle-retention-") as folder,
        fleet(cameras, url, Path(folder)) as here,
    ):
        settings, config = founded(Path(folder), cameras, here.template)
        bare = _bare_rate(Path(folder) / "bare")
        newest = SystemClock().utc_us() - 40 * US_PER_DAY
        fill(settings, segments, cameras=_CAMERAS, newest_utc_us=newest, file_bytes=_FILE_BYTES, whole_slots=True)
        os.sync()
        with started(role_command(Role.RECORDER, config), log=Path(folder) / "recorder.log"):
            alone = asyncio.run(_alone(settings, cameras))
            with started(role_command(Role.KEEPER, config), log=Path(folder) / "keeper.log") as keeper:
                before = usage([keeper.pid])
                seconds, beside = asyncio.run(_beside(settings, segments, alone.lost))
                used = usage([keeper.pid]).since(before)
    rate = segments / seconds
    return [
        Row(f"retention: {segments} segments destroyed", round(rate), "1/s", GOAL_PER_S, rate >= GOAL_PER_S),
        Row("disk: such files removed, and nothing else", round(bare), "1/s", None, None),
        Row("retention: rate, of that", round(rate / bare, 2), "ratio", None, None),
        Row(
            "retention: keeper, CPU a segment",
            round((used.user_s + used.system_s) / segments * 1e3, 3),
            "ms",
            None,
            None,
        ),
        Row("recorder: lost alone", alone.lost, "packets and records", None, None),
        Row("recorder: lost beside it", beside.lost, "packets and records", 0, beside.lost == 0),
        *_compared("worst write", alone.worst_write_ms, beside.worst_write_ms),
        *_compared("worst sync", alone.worst_sync_ms, beside.worst_sync_ms),
    ]


def _bare_rate(folder: Path) -> float:
    """Files that are removed in a second, in directories as large as a camera's day."""
    paths = [folder / str(number % _CAMERAS) / str(number) for number in range(_BARE_FILES)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            disk.allocate(file.fileno(), _FILE_BYTES)
    os.sync()
    clock = SystemClock()
    begun_us = clock.mono_us()
    remove_files(paths)
    return _BARE_FILES / ((clock.mono_us() - begun_us) / US_PER_SECOND)


def _compared(what: str, alone_ms: float, beside_ms: float) -> list[Row]:
    return [
        Row(f"recorder: {what} alone", round(alone_ms, 1), "ms", None, None),
        Row(f"recorder: {what} beside it", round(beside_ms, 1), "ms", None, None),
        Row(f"recorder: {what}, ratio", round(beside_ms / max(alone_ms, 0.1), 2), "beside / alone", None, None),
    ]


async def _alone(settings: Settings, cameras: int) -> _Recorded:
    await until(partial(all_have_records, settings, cameras), _GIVE_UP_S)
    before = await lost(settings)
    await SystemClock().sleep(60)  # the recorder tells the worst of a minute, and its start is not to be in it
    return await _recorded(settings, before, _ALONE_S, lambda: False)


async def _beside(settings: Settings, segments: int, _: int) -> tuple[float, _Recorded]:
    clock = SystemClock()
    gone = _gone_of(settings)
    before = await lost(settings)
    await until(partial(_begun, gone), _GIVE_UP_S)
    begun_us = clock.mono_us()
    recorded = await _recorded(settings, before, _GIVE_UP_S, lambda: gone() >= segments)
    return (clock.mono_us() - begun_us) / US_PER_SECOND, recorded


async def _begun(gone: Callable[[], int]) -> bool:
    return await asyncio.to_thread(gone) > 0


async def _recorded(settings: Settings, lost_before: int, most_s: float, is_over: Callable[[], bool]) -> _Recorded:
    clock = SystemClock()
    until_us = clock.mono_us() + most_s * US_PER_SECOND
    write_us = sync_us = 0
    while clock.mono_us() < until_us and not await asyncio.to_thread(is_over):
        answer = await status_of(settings.paths.recorder_socket(0))
        for volume in () if answer is None else answer["volumes"]:
            write_us, sync_us = max(write_us, volume["worst_write_us"]), max(sync_us, volume["worst_sync_us"])
        await clock.sleep(0.25)
    return _Recorded(await lost(settings) - lost_before, write_us / 1000, sync_us / 1000)


def _gone_of(settings: Settings) -> Callable[[], int]:
    engine = create_engine(f"sqlite:///file:{settings.paths.index}?mode=ro&uri=true")
    query = select(func.count()).where(SEGMENT.c.state == int(SegmentState.GONE))

    def gone() -> int:
        with engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    return gone
