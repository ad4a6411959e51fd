"""N cameras through the real recorder and keeper: sealing, hashing, disk, spool, ledger, index, all on.

The figures are those of the processes themselves between two readings, taken once every camera is recorded. With
`compare`, `ffmpeg -c copy` records the same cameras in between: ours, ffmpeg, ours again, so that noise shows. Two
recorders of the same cameras at the same time would take the machine from each other. What is written lies in the
folder for temporary files (TMPDIR).
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import psutil

from benchmarks import ffmpeg
from benchmarks.fleet import Fleet, fleet
from benchmarks.processes import orderly_ends, started
from benchmarks.stretch import Counted, Stretch, counted_rows, measure, role_rows
from benchmarks.table import Row
from config.load import parse
from config.model import Settings
from nvr.app.commands import Role, role_command
from nvr.app.founding import found
from nvr.base.clock import SystemClock
from nvr.base.ids import camera_id
from nvr.base.wire import Client
from storage.snapshot import CameraEntry, CameraSnapshot, publish

GOAL_RATIO: Final = 1 / 3
GOAL_PSS_MB: Final = 250.0
LOOKING: Final = "health"
"""The role of the recorder's looking process; it starts with the first look, within a minute of few cameras."""

_FEW: Final = 113
_FEW_CORES: Final = 0.20
_MANY: Final = 400
_MANY_CORES: Final = 0.80


def goal_cores(cameras: int) -> float:
    """That of 113 cameras, and of fewer in proportion; of more, that of 400 in proportion."""
    return _FEW_CORES * cameras / _FEW if cameras <= _FEW else _MANY_CORES * cameras / _MANY


def rows(*, cameras: int, seconds: int, url: str | None, compare: bool) -> list[Row]:
    """Record `cameras` cameras for `seconds`, or three times so long with `compare`."""
    plan = ["ours", ffmpeg.ROLE, "ours again"] if compare else ["ours"]
    stretches: list[Stretch] = []
    with (
        orderly_ends(),
        tempfile.TemporaryDirectory(prefix="scelle-ingest-") as folder,
        fleet(cameras, url, Path(folder)) as here,
    ):
        for name in plan:
            record = ffmpeg.record if name == ffmpeg.ROLE else _record
            with tempfile.TemporaryDirectory(dir=folder) as own:
                stretches.append(record(name, here.template, Path(own), cameras=cameras, seconds=seconds))
            os.sync()  # the next one does not wait for the disk on behalf of this one
    return [*_shown(stretches, cameras), *_compared(stretches), *_fleet_rows(here)]


def _record(name: str, template: str, folder: Path, *, cameras: int, seconds: int) -> Stretch:
    settings, config = founded(folder, cameras, template)
    with (
        started(role_command(Role.KEEPER, config), log=folder / "keeper.log") as keeper,
        started(role_command(Role.RECORDER, config), log=folder / "recorder.log") as recorder,
    ):

        def processes() -> dict[str, list[int]]:
            looking = [child.pid for child in psutil.Process(recorder.pid).children()]
            told = {Role.RECORDER.value: [recorder.pid], Role.KEEPER.value: [keeper.pid]}
            return told | ({LOOKING: looking} if looking else {})

        return measure(name, processes, lambda: _count(settings, recorder), cameras=cameras, seconds=seconds)


def _count(settings: Settings, recorder: Popen[str]) -> Counted:
    if recorder.poll() is not None:
        raise AssertionError(f"the recorder ended with {recorder.returncode}")
    socket = settings.paths.recorder_socket(0)
    if not socket.exists():
        return Counted(time.monotonic(), recording=0, bytes=0, frames=0, lost=0)
    counted = asyncio.run(_status(socket))["state"]["cameras"]
    states = Counter(f"{camera['state']} ({camera['cause']})" for camera in counted if camera["state"] != "recording")
    return Counted(
        time.monotonic(),
        recording=sum(camera["state"] == "recording" for camera in counted),
        bytes=sum(camera["bytes"] for camera in counted),
        frames=sum(camera["frames"] for camera in counted),
        lost=sum(camera["lost"] + camera["dropped"] for camera in counted),
        other_states=states,
    )


async def _status(socket: Path) -> Any:  # noqa: ANN401 -- JSON
    async with Client(socket) as client:
        return await client.call("status", {})


def _shown(stretches: list[Stretch], cameras: int) -> list[Row]:
    found: list[Row] = []
    for stretch in stretches:
        found += counted_rows(stretch, cameras)
        for role in stretch.used:
            if role == Role.RECORDER:
                memory = GOAL_PSS_MB if cameras <= _FEW else None
                found += role_rows(stretch, role, goal_cores=round(goal_cores(cameras), 4), goal_pss_mb=memory)
            else:
                found += role_rows(stretch, role)
    return found


def _compared(stretches: list[Stretch]) -> list[Row]:
    """CPU of ours through that of theirs: the recorder as the goal has it, and with the keeper."""
    theirs = [stretch.cores(ffmpeg.ROLE) for stretch in stretches if ffmpeg.ROLE in stretch.used]
    if not theirs:
        return []
    ours = [stretch for stretch in stretches if Role.RECORDER in stretch.used]
    mean = sum(stretch.cores(Role.RECORDER) for stretch in ours) / len(ours)
    keeper = sum(stretch.cores(Role.KEEPER) for stretch in ours) / len(ours)
    ratio = mean / theirs[0]
    return [
        Row("cpu_ratio", round(ratio, 3), "ours / ffmpeg", round(GOAL_RATIO, 3), ratio <= GOAL_RATIO),
        Row("cpu_ratio with the keeper", round((mean + keeper) / theirs[0], 3), "ours / ffmpeg", None, None),
    ]


def _fleet_rows(here: Fleet) -> list[Row]:
    """Whether the simulated cameras kept up with their own pictures: if not, the figures are of less."""
    told = {name: here.told[name] for name in ("frames_skipped", "slow_clients_cut") if name in here.told}
    return [Row(f"cameras: {name}", value, "whole run", 0, value == 0) for name, value in told.items()]


def founded(folder: Path, cameras: int, template: str) -> tuple[Settings, Path]:
    """A new system in the folder, with the cameras in its snapshot; its settings, and their file."""
    config = folder / "scelle.toml"
    text = f"""
[system]
origin = "benchmark.invalid/ingest"
[paths]
state = "{folder}/state"
runtime = "{folder}/run"
secrets = "{folder}/state/secrets.json"
[[volume]]
name = "disk1"
path = "{folder}/disk1"
[keyring]
places = ["{folder}/keys1", "{folder}/keys2"]
[keys]
machine_key = "{folder}/machine.key"
"""
    config.write_text(text)
    settings = parse(text, config)
    found(settings, SystemClock().utc_us())
    entries = tuple(
        CameraEntry(camera=camera_id(f"cam{n}"), url=template.format(n=n), shard=0) for n in range(1, cameras + 1)
    )
    publish(settings.paths.camera_snapshot, CameraSnapshot(ledger_size=2, cameras=entries))
    return settings, config
