"""A server that dies with a million segments on its disk: when it records again, and what comparing them costs.

Keeper and recorder are killed together, and start again under their supervisor: once as they are, and once with the
page cache of the machine dropped, as after a power cut, where that may be done (root). Before the second time some
files are taken away: each is to be told as missing.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import psutil

from benchmarks.fleet import fleet
from benchmarks.ingest import founded
from benchmarks.processes import orderly_ends
from benchmarks.roles import all_are_recorded, all_have_records, lost, process_of, status_of, supervised, until
from benchmarks.stock import fill
from benchmarks.table import Row
from benchmarks.usage import pss_mb
from config.model import Settings
from nvr.app.commands import Role
from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState

DEFAULT_SEGMENTS: Final = 1_000_000
GOAL_RECORDING_S: Final = 5.0
_TAKEN: Final = 100
_OF_A_CAMERA: Final = 28 * 288
"""Of 28 days: nothing is due."""
_WARM_S: Final = 10.0
_GIVE_UP_S: Final = 3600.0


def rows(*, cameras: int, segments: int, url: str | None) -> list[Row]:
    """Kill a system of `cameras` cameras that record, with `segments` old segments."""
    with (
        orderly_ends(),
        tempfile.TemporaryDirectory(prefix="scelle-recovery-") as folder,
        fleet(cameras, url, Path(folder)) as here,
    ):
        settings, config = founded(Path(folder), cameras, here.template)
        index_s = fill(
            settings,
            segments,
            cameras=-(-segments // _OF_A_CAMERA),
            newest_utc_us=SystemClock().utc_us() - 3600 * US_PER_SECOND,
            file_bytes=0,
            whole_slots=False,
        )
        index = Row(f"recovery: index of {segments} made anew from the ledger", round(index_s, 1), "s", None, None)
        return [index, *asyncio.run(_killed(settings, config, cameras, Path(folder)))]


@dataclass(slots=True)
class _Keeper:
    """What the keeper took while it was looked at."""

    worst_answer_s: float = 0.0
    pss_mb: float = 0.0
    read_mb: float = 0.0
    cpu_s: float = 0.0
    faults: set[str] = field(default_factory=set)


async def _killed(settings: Settings, config: Path, cameras: int, folder: Path) -> list[Row]:
    clock = SystemClock()
    async with supervised(settings, config):
        await until(partial(all_have_records, settings, cameras), _GIVE_UP_S)
        await until(partial(_is_compared, settings), _GIVE_UP_S)
        await clock.sleep(_WARM_S)
        _kill(config)
        rows = await _back(settings, config, cameras, "killed")
        await asyncio.to_thread(_take_away, folder)
        _kill(config)
        # The supervisor waits meanwhile, since it runs here: nothing is to begin before the cache is empty.
        how = "cold" if _drop_caches() else "killed again"
        rows += await _back(settings, config, cameras, how)
        found = await asyncio.to_thread(_lost_segments, settings)
    return [*rows, Row("recovery: missing files told", found, f"of {_TAKEN}", _TAKEN, found == _TAKEN)]


def _kill(config: Path) -> None:
    for role in (Role.KEEPER, Role.RECORDER):
        process_of(role, config).kill()


async def _back(settings: Settings, config: Path, cameras: int, how: str) -> list[Row]:
    """What it takes until all is as it was."""
    keeper = _Keeper()
    recorded_s, whole_s, ready_s, compared_s = await asyncio.gather(
        until(partial(all_are_recorded, settings, cameras), _GIVE_UP_S),
        until(partial(all_have_records, settings, cameras), _GIVE_UP_S),
        until(partial(_answers, settings), _GIVE_UP_S),
        until(partial(_look, settings, config, keeper), _GIVE_UP_S),
    )
    await SystemClock().sleep(_WARM_S)
    not_taken = await lost(settings)
    met = recorded_s <= GOAL_RECORDING_S
    return [
        Row(f"{how}: every camera is recorded again", round(recorded_s, 2), "s", GOAL_RECORDING_S, met),
        Row(f"{how}: every camera has a whole record", round(whole_s, 2), "s", None, None),
        Row(f"{how}: keeper answers", round(ready_s, 2), "s", None, None),
        Row(f"{how}: every volume compared", round(compared_s, 1), "s", None, None),
        Row(f"{how}: keeper, most memory meanwhile", round(keeper.pss_mb, 1), "MB", None, None),
        Row(f"{how}: keeper, read from disk", round(keeper.read_mb, 1), "MB", None, None),
        Row(f"{how}: keeper, CPU", round(keeper.cpu_s, 1), "s", None, None),
        Row(f"{how}: keeper, longest answer", round(keeper.worst_answer_s, 2), "s", None, None),
        Row(f"{how}: packets and records lost meanwhile", not_taken, "", 0, not_taken == 0),
    ]


async def _answers(settings: Settings) -> bool:
    return await status_of(settings.paths.keeper_socket) is not None


async def _is_compared(settings: Settings) -> bool:
    answer = await status_of(settings.paths.keeper_socket)
    return answer is not None and answer["compared_utc_us"] is not None


async def _look(settings: Settings, config: Path, keeper: _Keeper) -> bool:
    """Whether the comparison is done; meanwhile what the keeper takes."""
    clock = SystemClock()
    begun_us = clock.mono_us()
    answer = await status_of(settings.paths.keeper_socket)
    if answer is None:
        return False
    keeper.worst_answer_s = max(keeper.worst_answer_s, (clock.mono_us() - begun_us) / US_PER_SECOND)
    with suppress(StopIteration, psutil.Error, OSError):
        process = process_of(Role.KEEPER, config)
        keeper.pss_mb = max(keeper.pss_mb, await asyncio.to_thread(pss_mb, [process.pid]))
        keeper.read_mb = process.io_counters().read_bytes / 1e6
        keeper.cpu_s = sum(process.cpu_times()[:2])
    await clock.sleep(0.5)
    return answer["compared_utc_us"] is not None


def _take_away(folder: Path) -> None:
    paths: Sequence[Path] = sorted((folder / "disk1" / "segments").glob("old-*/*/*.svs"))
    for path in paths[:: max(1, len(paths) // _TAKEN)][:_TAKEN]:
        path.unlink()


def _drop_caches() -> bool:
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def _lost_segments(settings: Settings) -> int:
    index = IndexReader.at(settings.paths.index)
    try:
        return len(index.in_state(SegmentState.LOST))
    finally:
        index.close()
