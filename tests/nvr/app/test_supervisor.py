"""The supervisor and its children, with real processes: nothing here waits for time to pass."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.load import load
from nvr.app.child import ChildPlan
from nvr.app.supervisor import KEEPER_STARTING_S, Supervisor, plans
from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import NvrError
from nvr.base.stop import Stop
from nvr.base.units import MonoUs
from nvr.base.wire import Client
from tests.nvr.app.fixtures import ServiceManager, write_config
from tests.recorder.fakes import Watched

STUB = str(Path(__file__).with_name("stub_role.py"))


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    yield manager
    manager.close()


def plan(folder: Path, shard: int, config: Path, *, silent_s: float = 60.0) -> ChildPlan:
    command = (sys.executable, STUB, "--config", str(config), "--shard", str(shard), "--supervised")
    return ChildPlan(f"stub-{shard}", command, folder / "run" / f"recorder-{shard}.sock", silent_s=silent_s)


async def pid_of(child: ChildPlan) -> int:
    async with Client(child.socket) as client:
        answer = await client.call("status")
    assert isinstance(answer["pid"], int)
    return answer["pid"]


class Leaping(SystemClock):
    """The machine's clock, which leaps by `leap_us` in the next sleep, as for one who was suspended.

    `woken` counts who slept on it.
    """

    def __init__(self) -> None:
        self.leap_us = 0
        self.woken = 0
        self._ahead_us = 0
        self.watched = Watched()

    def mono_us(self) -> MonoUs:
        return MonoUs(super().mono_us() + self._ahead_us)

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.woken += 1
        self._ahead_us += self.leap_us
        self.leap_us = 0
        self.watched.happened()


@asynccontextmanager
async def running(
    *children: ChildPlan, clock: Clock | None = None
) -> AsyncIterator[tuple[Supervisor, Stop, asyncio.Task[int]]]:
    stop, supervisor = Stop(), Supervisor(lambda: children, clock or SystemClock())
    task = asyncio.create_task(supervisor.run(stop))
    try:
        yield supervisor, stop, task
    finally:
        stop.set()
        supervisor.kill()
        await task


async def test_child_that_can_not_be_started_leaves_its_sisters_alone(tmp_path: Path, manager: ServiceManager) -> None:
    config = write_config(tmp_path)
    sister = plan(tmp_path, 1, config)
    nowhere = (str(tmp_path / "no-such-program"),)
    absent, other = (ChildPlan(name, nowhere, tmp_path / "run" / f"{name}.sock") for name in ("absent", "other"))
    async with running(absent, sister, other) as (_, _, task):
        await manager.heard("READY=1")
        assert await pid_of(sister)
        assert not task.done()


async def test_child_that_is_planned_later_is_started_and_its_sisters_go_on(
    tmp_path: Path, manager: ServiceManager
) -> None:
    config = write_config(tmp_path)
    planned = [plan(tmp_path, shard, config) for shard in (1, 2)]
    stop, supervisor = Stop(), Supervisor(lambda: tuple(planned), SystemClock())
    task = asyncio.create_task(supervisor.run(stop))
    try:
        await manager.heard("READY=1")
        await manager.heard("READY=1")
        before = [await pid_of(child) for child in planned]
        planned.append(plan(tmp_path, 3, config))
        await manager.heard("READY=1")
        pids = [await pid_of(child) for child in planned]
        assert pids[:2] == before
        del planned[2]
    finally:
        stop.set()
        assert await task == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_killed_child_is_back_and_its_sister_was_not_touched(tmp_path: Path, manager: ServiceManager) -> None:
    config = write_config(tmp_path)
    one, two = plan(tmp_path, 1, config), plan(tmp_path, 2, config)
    async with running(one, two):
        await manager.heard("READY=1")
        await manager.heard("READY=1")
        first, sister = await pid_of(one), await pid_of(two)
        os.kill(first, signal.SIGKILL)
        await manager.heard("READY=1")
        assert await pid_of(one) != first
        assert await pid_of(two) == sister


async def test_child_that_does_not_answer_is_killed_and_started_again(tmp_path: Path, manager: ServiceManager) -> None:
    child = plan(tmp_path, 1, write_config(tmp_path), silent_s=0.5)
    async with running(child):
        await manager.heard("READY=1")
        first = await pid_of(child)
        async with Client(child.socket) as client:
            with pytest.raises(NvrError, match="peer-gone"):
                await client.call("hang")  # the process stops itself: alive, and silent
        await manager.heard("READY=1")
        assert await pid_of(child) != first


async def test_supervisor_that_was_suspended_kills_no_child_for_its_own_absence(
    tmp_path: Path, manager: ServiceManager
) -> None:
    child, clock = plan(tmp_path, 1, write_config(tmp_path), silent_s=5), Leaping()
    async with running(child, clock=clock):
        await manager.heard("READY=1")
        pid = await pid_of(child)
        await clock.watched.until(lambda: clock.woken >= 4)  # it has answered the supervisor, too
        clock.leap_us = 3_600_000_000
        before = clock.woken
        await clock.watched.until(lambda: clock.woken >= before + 4)
        assert await pid_of(child) == pid


async def test_stop_is_told_to_every_child_and_each_ends_in_order(tmp_path: Path, manager: ServiceManager) -> None:
    config = write_config(tmp_path)
    async with running(plan(tmp_path, 1, config), plan(tmp_path, 2, config)) as (_, stop, task):
        await manager.heard("READY=1")
        await manager.heard("READY=1")
        stop.set()
        await manager.heard("STOPPING=1")
        await manager.heard("STOPPING=1")
        assert await task == 0


async def test_child_that_can_not_start_is_told_and_tried_again_and_its_sister_goes_on(
    tmp_path: Path, manager: ServiceManager, caplog: pytest.LogCaptureFixture
) -> None:
    config = write_config(tmp_path)
    bad = plan(tmp_path, 1, config)
    bad.socket.mkdir()  # nothing can listen there: exit 78
    good = plan(tmp_path, 2, config)
    async with running(bad, good) as (_, _, task):
        await manager.heard("READY=1")
        sister = await pid_of(good)
        while "stub-1 ended with 78" not in caplog.text:
            await asyncio.wait([task], timeout=0.05)
            assert not task.done()
        bad.socket.rmdir()
        await manager.heard("READY=1")
        assert await pid_of(bad)
        assert await pid_of(good) == sister


async def test_child_ends_when_its_supervisor_is_gone(tmp_path: Path, manager: ServiceManager) -> None:
    command = plan(tmp_path, 1, write_config(tmp_path)).command
    child = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    await manager.heard("READY=1")
    assert child.stdin is not None
    child.stdin.close()
    output, _ = await child.communicate()
    assert b"stopped" in output
    assert child.returncode == 0


async def test_second_signal_ends_at_once(tmp_path: Path, manager: ServiceManager) -> None:
    child = plan(tmp_path, 1, write_config(tmp_path))
    process = await asyncio.create_subprocess_exec(*child.command, stdin=subprocess.PIPE)
    await manager.heard("READY=1")
    async with Client(child.socket) as client:
        under_way = asyncio.create_task(client.call("never"))  # a stop in good order would wait for it
        await client.call("status")
        process.terminate()
        await manager.heard("STOPPING=1")
        process.terminate()
        assert await process.wait() == 128 + signal.SIGTERM
        with pytest.raises(NvrError, match="peer-gone"):
            await under_way


async def test_role_is_hardened(tmp_path: Path, manager: ServiceManager) -> None:
    child = plan(tmp_path, 1, write_config(tmp_path))
    async with running(child):
        await manager.heard("READY=1")
        async with Client(child.socket) as client:
            answer = await client.call("status")
    assert (answer["umask"], answer["dumpable"]) == (0o027, 0)


def test_plans_name_every_role_and_shard(tmp_path: Path) -> None:
    file = write_config(tmp_path, "[recorder]\nshards = 2\n")
    assert [plan.name for plan in plans(load(file, {}), file)] == [
        "keeper",
        "recorder-0",
        "recorder-1",
        "access",
        "watch",
    ]
    assert plans(load(file, {}), file)[0].starting_s == KEEPER_STARTING_S  # it reads the whole index first
