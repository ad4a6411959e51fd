"""A recorder that is killed under load: when it answers again, when its cameras are recorded again, what is missing.

Keeper and recorder run as `nvr run` runs them, under its supervisor.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.fleet import fleet
from benchmarks.ingest import founded
from benchmarks.processes import orderly_ends
from benchmarks.roles import recording_plans
from benchmarks.table import Row
from config.model import Settings
from nvr.app.supervisor import Supervisor
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND
from nvr.base.wire import Client
from storage.index.queries import IndexReader

GOAL_BACK_S: Final = 2.0
_LOOK_S: Final = 0.05
_GIVE_UP_S: Final = 120.0
_WARM_S: Final = 15.0


def rows(*, cameras: int, url: str | None) -> list[Row]:
    """Kill the recorder of `cameras` cameras once."""
    with (
        orderly_ends(),
        tempfile.TemporaryDirectory(prefix="scelle-restart-") as folder,
        fleet(cameras, url, Path(folder)) as here,
    ):
        settings, config = founded(Path(folder), cameras, here.template)
        return asyncio.run(_killed(settings, config, cameras))


async def _killed(settings: Settings, config: Path, cameras: int) -> list[Row]:
    clock, stop = SystemClock(), Stop()
    supervisor = Supervisor(lambda: recording_plans(settings, config), clock)
    running = asyncio.create_task(supervisor.run(stop))
    try:
        await _until(clock, partial(_all_have_records, settings, cameras))
        await clock.sleep(_WARM_S)
        killed_utc_us, killed_us = clock.utc_us(), clock.mono_us()
        _recorder(config).kill()
        await _until(clock, partial(_is_back, settings))
        back_s = (clock.mono_us() - killed_us) / US_PER_SECOND
        await _until(clock, partial(_all_have_records, settings, cameras))
        recorded_s = (clock.mono_us() - killed_us) / US_PER_SECOND
        await clock.sleep(_WARM_S)  # what the crash left is recovered, and the keeper has told it
        missing = await asyncio.to_thread(_missing_s, settings, cameras, killed_utc_us)
    finally:
        stop.set()
        await running
    return [
        Row("restart: recorder answers again", round(back_s, 2), "s", GOAL_BACK_S, back_s <= GOAL_BACK_S),
        Row("restart: every camera has a record again", round(recorded_s, 2), "s", None, None),
        Row("restart: footage missing, median camera", round(missing[len(missing) // 2], 2), "s", None, None),
        Row("restart: footage missing, worst camera", round(missing[-1], 2), "s", None, None),
    ]


async def _until(clock: SystemClock, condition: Callable[[], Any]) -> None:
    give_up_us = clock.mono_us() + _GIVE_UP_S * US_PER_SECOND
    while not await condition():
        assert clock.mono_us() < give_up_us, condition
        await clock.sleep(_LOOK_S)


async def _states(settings: Settings) -> Sequence[dict[str, Any]]:
    with contextlib.suppress(NvrError, TimeoutError):
        async with asyncio.timeout(5), Client(settings.paths.recorder_socket(0)) as client:
            states: list[dict[str, Any]] = (await client.call("status"))["state"]["cameras"]
            return states
    return []


async def _is_back(settings: Settings) -> bool:
    return bool(await _states(settings))


async def _all_have_records(settings: Settings, cameras: int) -> bool:
    states = await _states(settings)
    return len([state for state in states if state["records"]]) == cameras


def _recorder(config: Path) -> psutil.Process:
    return next(_recorders(config))


def _recorders(config: Path) -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        command = process.cmdline()
        if "nvr.app.roles.recorder" in command and str(config) in command:
            yield process


def _missing_s(settings: Settings, cameras: int, killed_utc_us: int) -> list[float]:
    """Seconds without footage around the kill, by camera, in order of length."""
    index = IndexReader.at(settings.index_location)
    now = SystemClock().utc_us()
    try:
        found = [
            [gap for gap in index.gaps(CameraId(f"cam{n}"), killed_utc_us - 10 * US_PER_SECOND, now) if gap.to_utc_us]
            for n in range(1, cameras + 1)
        ]
    finally:
        index.close()
    return sorted(sum((gap.to_utc_us or 0) - gap.from_utc_us for gap in gaps) / US_PER_SECOND for gaps in found)
