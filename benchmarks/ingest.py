"""N cameras through the real recorder and keeper: sealing, hashing, disk, spool, ledger, index, all on.

The cameras are a fleet server in a process of its own (`nvr.sim`, one rendered loop for all), or real ones from a URL
template. CPU and memory are those of the recorder's and the keeper's processes between two readings of the
recorder's own status, taken once every camera records.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.table import Row
from config.load import parse
from config.model import Settings
from nvr.app.founding import found
from nvr.base.clock import SystemClock
from nvr.base.ids import camera_id
from nvr.base.wire import Client
from storage.snapshot import CameraEntry, CameraSnapshot, publish

GOAL_CAMERAS: Final = 113
GOAL_CORES: Final = 0.20
GOAL_PSS_MB: Final = 250.0
_START_S: Final = 60
_WARM_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """Totals of one instant."""

    mono_us: int
    recorder_cpu_s: float
    keeper_cpu_s: float
    frames: int
    lost: int
    dropped: int
    bytes: int
    recording: int


def rows(*, cameras: int, seconds: int, url: str | None) -> list[Row]:
    """Record `cameras` cameras for `seconds` and give the figures of that stretch.

    Goals are those of 113 cameras, in proportion for another number.
    """
    with tempfile.TemporaryDirectory(prefix="scelle-ingest-") as folder, _cameras(cameras, url) as template:
        settings, config = _founded(Path(folder), cameras, template)
        with _role("keeper", config) as keeper, _role("recorder", config) as recorder:
            first, last, pss_mb = asyncio.run(_measure(settings, cameras, seconds, recorder, keeper))
    elapsed_s = (last.mono_us - first.mono_us) / 1e6
    cores = (last.recorder_cpu_s - first.recorder_cpu_s) / elapsed_s
    goal_cores = GOAL_CORES * cameras / GOAL_CAMERAS
    lost = last.lost + last.dropped - first.lost - first.dropped
    return [
        Row("ingest cameras recording", last.recording, "cameras", cameras, last.recording == cameras),
        Row("ingest recorder", round(cores, 4), "cores", round(goal_cores, 4), cores <= goal_cores),
        Row("ingest recorder memory", round(pss_mb, 1), "MB PSS", GOAL_PSS_MB, pss_mb <= GOAL_PSS_MB),
        Row("ingest keeper", round((last.keeper_cpu_s - first.keeper_cpu_s) / elapsed_s, 4), "cores", None, None),
        Row("ingest rate", round((last.bytes - first.bytes) * 8 / elapsed_s / 1e6, 1), "Mbit/s", None, None),
        Row("ingest frames", last.frames - first.frames, "frames", None, None),
        Row("ingest lost", lost, "packets and records", 0, lost == 0),
    ]


async def _measure(
    settings: Settings, cameras: int, seconds: int, recorder: psutil.Process, keeper: psutil.Process
) -> tuple[_Reading, _Reading, float]:
    clock = SystemClock()
    socket = settings.paths.recorder_socket(0)
    for _ in range(_START_S * 5):
        if socket.exists() and (await _read(settings, clock, recorder, keeper)).recording == cameras:
            break
        await clock.sleep(0.2)
    await clock.sleep(_WARM_S)
    first = await _read(settings, clock, recorder, keeper)
    await clock.sleep(seconds)
    last = await _read(settings, clock, recorder, keeper)
    return first, last, recorder.memory_full_info().pss / 1e6


async def _read(settings: Settings, clock: SystemClock, recorder: psutil.Process, keeper: psutil.Process) -> _Reading:
    async with Client(settings.paths.recorder_socket(0)) as client:
        status: Any = await client.call("status", {})
    counted = status["state"]["cameras"]
    return _Reading(
        mono_us=clock.mono_us(),
        recorder_cpu_s=sum(recorder.cpu_times()[:2]),
        keeper_cpu_s=sum(keeper.cpu_times()[:2]),
        frames=sum(camera["frames"] for camera in counted),
        lost=sum(camera["lost"] for camera in counted),
        dropped=sum(camera["dropped"] for camera in counted),
        bytes=sum(camera["bytes"] for camera in counted),
        recording=sum(camera["state"] == "recording" for camera in counted),
    )


def _founded(folder: Path, cameras: int, template: str) -> tuple[Settings, Path]:
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


@contextmanager
def _cameras(count: int, url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    command = [sys.executable, "-m", "nvr.sim", "--cameras", str(count), "--port", "0", "--fleet"]
    options = ["--size", "1920x1080", "--fps", "25", "--bitrate-mbit", "4"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as fleet:
        try:
            if fleet.stdout is None:
                raise AssertionError("the pipe was asked for")
            yield fleet.stdout.readline().split()[1]
        finally:
            fleet.terminate()
            fleet.communicate()


@contextmanager
def _role(name: str, config: Path) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", f"nvr.app.roles.{name}", "--config", str(config)]
    log = config.with_name(f"{name}.log")
    with log.open("wb") as sink, subprocess.Popen(command, stderr=sink, env=os.environ) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()
