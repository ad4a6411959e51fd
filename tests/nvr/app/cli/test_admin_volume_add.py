"""`nvr-admin volume add`: a disk takes footage a moment later, or nothing at all was written."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from config.load import load
from nvr.app.cli import admin_volume_add
from nvr.app.volumes.adding import CanNotAdd
from nvr.app.volumes.mounts import Mount
from nvr.base.errors import ConfigError, InvalidValue
from storage.volume import IDENTITY_NAME, create_volume, open_volume
from tests.nvr.app.volumes.server import ORIGIN, TwoVolumes


def made(folder: Path) -> TwoVolumes:
    server = TwoVolumes(folder)
    with server.file.open("a") as file:
        file.write("[keeper]\nreserve_gib = 0\n")
    (folder / "c").mkdir()
    return server


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoVolumes:
    """Every folder is a disk of its own here, as far as the kernel's table of mounts tells."""
    table = [Mount(Path("/"), "ext4", "/dev/none", "240:1")]
    table += [Mount(tmp_path / name, "ext4", "/dev/none", f"240:{at}") for at, name in enumerate("abcd", start=2)]
    monkeypatch.setattr(admin_volume_add, "mounts", lambda: table)
    return await asyncio.to_thread(made, tmp_path)


async def add(server: TwoVolumes, *words: str, typed: str = "") -> Result:
    given = ["--config", str(server.file), *words]
    return await asyncio.to_thread(lambda: CliRunner().invoke(admin_volume_add.app, given, input=typed))


def state(server: TwoVolumes) -> tuple[bytes, list[str]]:
    return server.file.read_bytes(), sorted(str(path) for path in (server.folder / "c").rglob("*"))


async def test_added_disk_becomes_a_volume_in_the_configuration_and_recorders_take_it(server: TwoVolumes) -> None:
    path = server.folder / "c"
    async with server.recorder():
        done = await add(server, str(path), "--bay", "9", "--json", "--yes")
    answer = json.loads(done.stdout)
    volume = await asyncio.to_thread(open_volume, path, ORIGIN)
    assert (answer["volume"], answer["waits_for"], answer["known_before"]) == (volume.id, [], False)
    settings = await asyncio.to_thread(load, server.file, {})
    assert [(one.name, one.bay) for one in settings.volume] == [("a", None), ("b", "7"), ("c", "9")]


async def test_evidence_volume_is_configured_as_one_and_waits_for_no_recorder(server: TwoVolumes) -> None:
    path = server.folder / "c"
    done = await add(server, str(path), "--evidence", "--budget-gib", "500", "--yes")
    assert done.exit_code == 0, done.output
    assert "takes second copies" in done.stdout
    settings = await asyncio.to_thread(load, server.file, {})
    assert [(one.evidence, one.budget_gib) for one in settings.volume][-1] == (True, 500)


async def test_budget_without_evidence_is_refused_before_anything_is_written(server: TwoVolumes) -> None:
    before = await asyncio.to_thread(state, server)
    done = await add(server, str(server.folder / "c"), "--budget-gib", "5", "--yes")
    assert isinstance(done.exception, InvalidValue)
    assert await asyncio.to_thread(state, server) == before


async def test_command_says_which_recorders_have_not_followed(server: TwoVolumes) -> None:
    done = await add(server, str(server.folder / "c"), "--yes")
    assert done.exit_code == 0, done.output
    assert "do not answer: 0" in done.stderr


async def test_dry_run_and_no_change_nothing(server: TwoVolumes) -> None:
    before = await asyncio.to_thread(state, server)
    dry = await add(server, str(server.folder / "c"), "--dry-run")
    refused = await add(server, str(server.folder / "c"), typed="n\n")
    assert (dry.exit_code, refused.exit_code) == (0, 1)
    assert await asyncio.to_thread(state, server) == before


async def test_path_without_a_disk_is_refused_before_anything_is_written(server: TwoVolumes) -> None:
    path = server.folder / "e"
    await asyncio.to_thread(path.mkdir)
    done = await add(server, str(path), "--yes")
    assert isinstance(done.exception, CanNotAdd)
    assert "No disk is mounted there" in str(done.exception)
    assert await asyncio.to_thread(lambda: list(path.iterdir())) == []


async def test_disk_of_another_system_is_refused(server: TwoVolumes) -> None:
    create = lambda: create_volume(server.folder / "c", "autre.example", now_utc_us=server.now_utc_us)  # noqa: E731
    await asyncio.to_thread(create)
    before = await asyncio.to_thread(state, server)
    done = await add(server, str(server.folder / "c"), "--yes")
    assert "autre.example" in str(done.exception)
    assert await asyncio.to_thread(state, server) == before


async def test_copy_of_a_volume_is_refused(server: TwoVolumes) -> None:
    await asyncio.to_thread(shutil.copy, server.folder / "a" / IDENTITY_NAME, server.folder / "c")
    done = await add(server, str(server.folder / "c"), "--yes")
    assert "at another path" in str(done.exception)


async def test_name_that_is_taken_is_refused_before_the_volume_is_made(server: TwoVolumes) -> None:
    before = await asyncio.to_thread(state, server)
    done = await add(server, str(server.folder / "c"), "--name", "a", "--yes")
    assert isinstance(done.exception, ConfigError)
    assert await asyncio.to_thread(state, server) == before


async def test_disk_of_this_system_comes_back_with_its_identity(server: TwoVolumes) -> None:
    path = server.folder / "c"
    before = await asyncio.to_thread(lambda: create_volume(path, ORIGIN, now_utc_us=server.now_utc_us))
    done = await add(server, str(path), "--yes", "--json")
    answer = json.loads(done.stdout)
    assert (answer["volume"], answer["known_before"]) == (before.id, True)
