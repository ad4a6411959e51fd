"""The recorder as a process, with simulated cameras: what an orderly stop, a crash and a lost volume leave."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.model import Settings
from config.ptz import PtzSetting
from nvr.app.commands import Role, role_command
from nvr.app.founding import found
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, UtcUs
from nvr.base.wire import Client
from nvr.sim.camera import SimCamera
from nvr.sim.onvif.camera import Head, OnvifCamera, Preset
from nvr.sim.onvif.server import OnvifSimulator
from nvr.sim.server import Simulator
from storage.snapshot import CameraEntry, CameraSnapshot, publish
from storage.spool_reader import SpoolReader
from storage.svs1.layout import Flags, RecordType
from storage.svs1.scan import scan
from storage.volume import IDENTITY_NAME
from tests.nvr.app.fixtures import ServiceManager, write_config

NAMES = ("north", "south")
ROOT = Path(__file__).resolve().parents[2]
DATED_WITHIN_US = 50_000
"""What DESIGN.md lets the wall time of a frame be wrong by: the first one may be dated ahead of its connection."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, f'[[volume]]\nname = "b"\npath = "{tmp_path}/b"\n')


@pytest.fixture
def settings(config: Path) -> Settings:
    settings = load(config, {})
    found(settings, SystemClock().utc_us())
    return settings


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield manager
    manager.close()


@asynccontextmanager
async def cameras(settings: Settings, ptz: str | None = None) -> AsyncIterator[tuple[CameraEntry, ...]]:
    """Two simulated cameras, all of them domes that are asked so if told, and their entries in the snapshot."""
    sim = [SimCamera(name, width=160, height=90, fps=10, gop_frames=5, bitrate_bps=50_000) for name in NAMES]
    async with Simulator(sim, port=0) as simulator:
        url = f"rtsp://127.0.0.1:{simulator.port}"
        entries = tuple(CameraEntry(CameraId(name), f"{url}/{name}", 0, ptz=ptz) for name in NAMES)
        await asyncio.to_thread(publish, settings.paths.camera_snapshot, CameraSnapshot(2, entries))
        yield entries


@asynccontextmanager
async def recorder(config: Path, manager: ServiceManager) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*role_command(Role.RECORDER, config), stdin=subprocess.DEVNULL)
    try:
        await manager.heard("READY=1")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_written(settings: Settings, records: int, *, sealed: str = "") -> dict[str, int]:
    """Ask until every camera has a growing segment with so many records on its volume, and `sealed` grows no more.

    Each answer takes a way through the recorder's loop; the records by camera, without the init record.
    """
    async with Client(settings.paths.recorder_socket(0)) as client:
        while True:
            growing = (await client.call("status"))["state"]["growing"]
            written = {each["camera"]: each["records"] - 1 for each in growing if each["seg"] != sealed}
            if len(growing) == len(written) == len(NAMES) and min(written.values()) >= records:
                return written


def told(settings: Settings) -> list[str]:
    """The types of all events of the last boot, each verified."""
    spool = max(settings.paths.spool.glob("0/*.spool"))
    return [event.t for event in SpoolReader(spool).read(10_000)]


def growing(settings: Settings) -> list[Path]:
    return [path for volume in settings.volume for path in volume.path.glob("growing/0/*.svs")]


def sealed(settings: Settings) -> list[Path]:
    return [path for volume in settings.volume for path in volume.path.glob("segments/*/*/*.svs")]


def test_orderly_stop_closes_every_segment_and_says_so(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def scenario() -> int:
        async with cameras(settings), recorder(config, manager) as process:
            await until_written(settings, 2)
            process.terminate()
            return await process.wait()

    assert asyncio.run(scenario()) == 0
    assert not growing(settings)
    assert len(sealed(settings)) == len(NAMES)
    assert all(scan(path).closed for path in sealed(settings))
    events = told(settings)
    assert (events[0], events[-1]) == ("boot", "stop")
    assert events.count("seal") == len(NAMES)


def test_killed_recorder_loses_no_whole_record_and_the_next_start_takes_them_up(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def crash() -> int:
        async with cameras(settings), recorder(config, manager) as process:
            written = await until_written(settings, 3)
            process.kill()
            await process.wait()
            return sum(written.values())

    async def start_again() -> int:
        async with recorder(config, manager) as process:
            process.terminate()
            return await process.wait()

    known = asyncio.run(crash())
    left = {path.name for path in growing(settings)}
    assert len(left) == len(NAMES)
    assert asyncio.run(start_again()) == 0
    assert not growing(settings)
    assert {path.name for path in sealed(settings)} == left
    assert sum(len(scan(path).heads) - 1 for path in sealed(settings)) >= known
    assert told(settings).count("seal") == len(NAMES)


def test_rotation_seals_what_was_recorded_until_now(settings: Settings, config: Path, manager: ServiceManager) -> None:
    async def scenario() -> list[str]:
        async with cameras(settings), recorder(config, manager):
            await until_written(settings, 2)
            async with Client(settings.paths.recorder_socket(0)) as client:
                closed: list[str] = await client.call("rotate", {"cameras": ["north", "elsewhere"]})
            await until_written(settings, 1, sealed=closed[0])
            assert closed[0] in [path.stem for path in await asyncio.to_thread(sealed, settings)]
            return closed

    assert len(asyncio.run(scenario())) == 1


def test_camera_that_is_added_is_recorded_without_a_restart(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def scenario() -> None:
        async with recorder(config, manager), cameras(settings):
            await until_written(settings, 1)

    asyncio.run(scenario())


async def until_recorded_beyond(settings: Settings, name: str, utc_us: int) -> None:
    """Ask until this camera has pictures of a later time."""
    async with Client(settings.paths.recorder_socket(0)) as client:
        while True:
            for each in (await client.call("status"))["state"]["cameras"]:
                if each["camera"] == name and (each["last_record_utc_us"] or 0) > utc_us:
                    return


def test_camera_that_is_aimed_is_recorded_again_at_its_end_though_nobody_is_there_to_say_so(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    """Neither keeper nor access runs."""

    async def scenario() -> int:
        async with cameras(settings) as (north, south), recorder(config, manager) as process:
            await until_written(settings, 1)
            now = SystemClock().utc_us()
            until = UtcUs(now + 3 * US_PER_SECOND)
            aimed = replace(north, commissioned_from_utc_us=now, commissioned_until_utc_us=until)
            await asyncio.to_thread(publish, settings.paths.camera_snapshot, CameraSnapshot(3, (aimed, south)))
            await until_recorded_beyond(settings, "north", until)
            process.terminate()
            assert await process.wait() == 0
            return until

    until = asyncio.run(scenario())
    (spool,) = settings.paths.spool.glob("0/*.spool")
    bodies: list[dict[str, Any]] = [dict(event.body) for event in SpoolReader(spool).read(10_000) if event.t == "gap"]
    begun, ended = (body for body in bodies if body["detail"] == "commissioning")
    assert begun == {**ended, "to_utc_us": None}
    assert (ended["camera"], ended["cause"]) == ("north", "stopped")
    assert ended["to_utc_us"] >= until - DATED_WITHIN_US
    found = [scan(path) for path in sealed(settings)]
    heads = [head for each in found if each.header.camera == "north" for head in each.heads[1:]]
    # The end of a group is rounded up to a whole microsecond.
    before = [head for head in heads if head.end_utc_us <= ended["from_utc_us"] + 1]
    after = [head for head in heads if head.start_utc_us >= until - DATED_WITHIN_US]
    assert before
    assert after
    assert len(before) + len(after) == len(heads)


async def faults(settings: Settings) -> set[str]:
    """The ids of what the recorder says that somebody should look at."""
    async with Client(settings.paths.recorder_socket(0)) as client:
        return {fault["id"] for fault in (await client.call("status"))["faults"]}


def test_file_that_can_not_be_read_does_not_keep_cameras_from_being_recorded(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def scenario() -> set[str]:
        async with cameras(settings), recorder(config, manager):
            await until_written(settings, 1)
            return await faults(settings)

    (settings.volume[0].path / "growing" / "0" / "x.svs").mkdir(parents=True)
    (settings.volume[0].path / "growing" / "0" / "x.svs" / "y").touch()
    assert "footage-damaged" in asyncio.run(scenario())


def test_disk_of_the_state_that_refuses_does_not_keep_cameras_from_being_recorded(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def scenario() -> set[str]:
        async with cameras(settings), recorder(config, manager):
            await until_written(settings, 1)
            return await faults(settings)

    for folder in (settings.paths.shard, settings.paths.spool):
        folder.rmdir()
    settings.paths.spool.write_text("no folder can be made here")
    for name in ("0.json", "0.set.json"):
        (settings.paths.shard / f".{name}.new").mkdir(parents=True)
    assert asyncio.run(scenario()) == {"state-not-written"}


async def until_dome(settings: Settings, state: str, sealed_observations: int) -> None:
    """Ask until every dome is in this state, and so many of its observations went with pictures."""
    async with Client(settings.paths.recorder_socket(0)) as client:
        while True:
            domes = [each["dome"] for each in (await client.call("status"))["state"]["cameras"]]
            if all(dome["state"] == state and dome["sealed"] >= sealed_observations for dome in domes):
                return


def test_killed_recorder_leaves_where_its_domes_looked_and_that_they_moved(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    presets = (Preset("1", "Mairie", 0.0, 0.0), Preset("2", "Gare", 0.5, 0.0))

    async def crash() -> None:
        camera = OnvifCamera(login="none", head=Head(presets=presets, default_degrees=True))
        async with OnvifSimulator(camera) as onvif:
            assert onvif.head is not None
            setting = PtzSetting(onvif.url, expected=("Mairie",))
            async with cameras(settings, setting.to_text()), recorder(config, manager) as process:
                await until_dome(settings, "preset", 2)
                onvif.head.go("2")
                await until_dome(settings, "away", 4)
                await until_written(settings, 8)
                process.kill()
                await process.wait()

    asyncio.run(crash())
    for path in growing(settings):
        heads = scan(path).heads
        sides = {head.seq for head in heads if head.type is RecordType.SIDE}
        observed = {head.seq - 1 for head in heads if Flags.OBSERVED in head.flags}
        assert len(observed) >= 2
        assert observed == sides
    assert told(settings).count("move") == len(NAMES)


async def until_status(settings: Settings, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask for the recorder's status until it is so; each answer takes a way through the recorder's loop."""
    async with Client(settings.paths.recorder_socket(0)) as client:
        while True:
            answer: dict[str, Any] = await client.call("status")
            if holds(answer):
                return answer


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {Path(each["path"]).name: each["state"] for each in answer["volumes"]}


def gaps(settings: Settings) -> set[tuple[str, str]]:
    """The cameras and causes of all gaps of the last boot."""
    spool = max(settings.paths.spool.glob("0/*.spool"))
    events = SpoolReader(spool).read(10_000)
    return {(str(event.body["camera"]), str(event.body["cause"])) for event in events if event.t == "gap"}


def hide(volume: Path) -> None:
    (volume / IDENTITY_NAME).rename(volume / "hidden")


def show(volume: Path) -> None:
    (volume / "hidden").rename(volume / IDENTITY_NAME)


def test_recorder_without_any_volume_says_so_and_records_when_one_comes(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    one, two = (volume.path for volume in settings.volume)

    async def scenario() -> None:
        async with cameras(settings), recorder(config, manager) as process:
            answer = await until_status(
                settings, lambda found: all(each["dropped"] for each in found["state"]["cameras"])
            )
            assert states(answer) == {"a": "away", "b": "away"}
            assert await faults(settings) == {"volume-away"}
            show(two)
            await until_written(settings, 2)
            assert states(await until_status(settings, lambda _: True)) == {"a": "away", "b": "in-service"}
            process.terminate()
            assert await process.wait() == 0

    for path in (one, two):
        hide(path)
    asyncio.run(scenario())
    assert {path.parents[3] for path in sealed(settings)} == {two}
    assert {(name, "disk lost") for name in NAMES} <= gaps(settings)


def test_volume_that_goes_and_comes_back_costs_no_restart(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    one, two = (volume.path for volume in settings.volume)

    async def scenario() -> None:
        async with cameras(settings), recorder(config, manager) as process:
            await until_written(settings, 2)
            left = len(list(one.glob("growing/0/*.svs")))
            assert left
            hide(one)
            await until_status(settings, lambda answer: states(answer) == {"a": "away", "b": "in-service"})
            await until_status(settings, lambda _: len(list(two.glob("growing/0/*.svs"))) == len(NAMES))
            show(one)
            await until_status(settings, lambda answer: states(answer) == {"a": "in-service", "b": "in-service"})
            await until_status(settings, lambda _: len(list(one.glob("segments/*/*/*.svs"))) == left)
            assert await faults(settings) == set()
            process.terminate()
            assert await process.wait() == 0

    asyncio.run(scenario())
    assert not growing(settings)


def test_volume_that_is_taken_off_the_configuration_seals_what_grew_and_one_that_is_added_records(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    one, two = (volume.path for volume in settings.volume)
    text = config.read_text()
    table = f'[[volume]]\nname = "b"\npath = "{two}"\n'
    assert table in text

    async def scenario() -> None:
        async with cameras(settings), recorder(config, manager) as process:
            await until_written(settings, 2)
            grew = {path.name for path in two.glob("growing/0/*.svs")}
            await asyncio.to_thread(config.write_text, text.replace(table, ""))
            await until_status(settings, lambda answer: states(answer) == {"a": "in-service"})
            assert {path.name for path in two.glob("segments/*/*/*.svs")} == grew != set()
            await until_status(settings, lambda _: len(list(one.glob("growing/0/*.svs"))) == len(NAMES))
            await asyncio.to_thread(config.write_text, text.replace(str(one), str(two)).replace(table, ""))
            await until_status(settings, lambda answer: states(answer) == {"b": "in-service"})
            await until_written(settings, 1)
            process.terminate()
            assert await process.wait() == 0

    asyncio.run(scenario())
    assert {cause for _, cause in gaps(settings)} == {"silent", "stopped"}


def test_recorder_goes_on_with_the_volumes_that_are_there(
    settings: Settings, config: Path, manager: ServiceManager
) -> None:
    async def scenario() -> None:
        async with cameras(settings), recorder(config, manager):
            await until_written(settings, 1)

    (settings.volume[0].path / "scelle-volume.json").unlink()
    asyncio.run(scenario())
    assert {path.parents[2] for path in growing(settings)} == {settings.volume[1].path}
