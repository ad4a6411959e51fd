"""`nvr-admin index check` against a keeper that runs: what it would cost, what it found, the exit code."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from config.load import load
from config.model import Settings
from nvr.app.cli import admin_check
from nvr.app.first_account import nobody
from nvr.app.founding import found
from nvr.app.keeper_calls import keeper_handlers
from nvr.app.keeper_settings import keeper_settings
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.base.stop import Stop
from nvr.base.wire import Client, Server
from storage.keeping.keeper import Keeper
from storage.reading_budget import ReadingBudget
from tests.nvr.app.fixtures import write_config
from tests.texts import catalogue

TODO = [catalogue("en")["check-unreadable"].todo, catalogue("fr")["check-unreadable"].todo]


@dataclass(frozen=True, slots=True)
class Running:
    """A system whose keeper runs in this process."""

    settings: Settings
    config: Path

    async def command(self, *words: str) -> Result:
        arguments = [*words, "--config", str(self.config)]
        return await asyncio.to_thread(CliRunner().invoke, admin_check.app, arguments, catch_exceptions=True)

    async def stray(self) -> Path:
        """A file that is no segment, where segments are."""
        path = self.settings.volume[0].path / "segments" / "mairie" / "20260901" / "holiday.svs"
        await asyncio.to_thread(lambda: path.parent.mkdir(parents=True))
        await asyncio.to_thread(path.write_bytes, b"not a segment")
        return path


@pytest.fixture
def system(tmp_path: Path) -> Running:
    config = write_config(tmp_path, f'[[volume]]\nname = "b"\npath = "{tmp_path}/b"\n')
    settings = load(config, {})
    found(settings, SystemClock().utc_us())
    return Running(settings, config)


@pytest.fixture
async def running(system: Running) -> AsyncIterator[Running]:
    settings = system.settings
    keeper, stop = Keeper(keeper_settings(settings), SystemClock()), Stop()
    await keeper.start()
    task = asyncio.create_task(keeper.run(stop))
    async with Server(settings.paths.keeper_socket, keeper_handlers(keeper, nobody)):
        yield system
    stop.set()
    await task
    await keeper.close()


async def test_footage_that_is_as_it_should_be_is_no_finding(running: Running) -> None:
    done = await running.command("index-check", "--depth", "hash", "--json")
    assert done.exit_code == 0
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["found"]["state"], told["found"]["counts"]) == ("done", {})
    assert told["found"]["request"]["depth"] == "hash"


async def test_finding_is_told_with_what_to_do_and_ends_with_one(running: Running) -> None:
    path = await running.stray()
    done = await running.command("index-check", "--volume", running.settings.volume[0].name)
    assert done.exit_code == 1
    assert path.name in done.stdout
    assert any(todo in done.stdout for todo in TODO)


async def test_dry_run_begins_nothing(running: Running) -> None:
    await running.stray()
    done = await running.command("index-check", "--dry-run", "--json")
    assert done.exit_code == 0
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["found"] is None
    assert sorted(told["plan"]["volumes"]) == [str(volume.path) for volume in running.settings.volume]
    async with Client(running.settings.paths.keeper_socket) as keeper:
        assert await keeper.call("check_state") is None


async def test_nothing_is_damaged_is_an_answer(running: Running) -> None:
    assert json.loads((await running.command("index-damaged", "--json")).stdout) == []


async def test_volume_that_is_not_configured_is_named(running: Running) -> None:
    for words in (["index-check", "--volume", "attic"], ["volume-check", "attic"]):
        done = await running.command(*words)
        assert isinstance(done.exception, InvalidValue)
        assert done.exception.fields["field"] == "volume"


async def test_one_volume_is_checked_by_its_path_as_by_its_name(running: Running) -> None:
    for volume in running.settings.volume:
        for name in (str(volume.path), volume.name):
            told = json.loads((await running.command("volume-check", name, "--dry-run", "--json")).stdout)
            assert told["plan"]["volumes"] == [str(volume.path)]


async def test_one_volume_is_checked_as_deep_and_as_fast_as_was_asked(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[int | None] = []

    def budget(rate: int | None, *more: Any) -> ReadingBudget:  # noqa: ANN401 -- as the real one
        rates.append(rate)
        return ReadingBudget(rate, *more)

    monkeypatch.setattr("storage.keeping.check_run.ReadingBudget", budget)
    told = json.loads((await running.command("volume-check", "b", "--json")).stdout)
    assert told["found"]["request"]["depth"] == "size"
    words = ("volume-check", "b", "--depth", "hash", "--mib-per-second", "3", "--json")
    told = json.loads((await running.command(*words)).stdout)
    assert told["found"]["request"]["depth"] == "hash"
    assert rates == [20 << 20, 3 << 20]


@pytest.mark.parametrize(
    ("field", "value"), [("depth", "deep"), ("anew", 1), ("bytes_per_second", -1), ("volumes", "disk1")]
)
async def test_argument_that_is_not_as_it_should_be_is_named(running: Running, field: str, value: object) -> None:
    args = {"depth": "hash", "cameras": [], "volumes": [], "bytes_per_second": 0, "anew": False, field: value}
    async with Client(running.settings.paths.keeper_socket) as keeper:
        with pytest.raises(InvalidValue, match=field):
            await keeper.call("check_plan", args)
