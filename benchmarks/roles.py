"""Keeper and recorder of a measurement under their supervisor, and what they say of themselves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from config.model import Settings
from nvr.app.child import ChildPlan
from nvr.app.commands import Role
from nvr.app.supervisor import Supervisor, plans
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError
from nvr.base.stop import Stop
from nvr.base.wire import Client

_LOOK_S: Final = 0.05


def recording_plans(settings: Settings, config: Path) -> list[ChildPlan]:
    """Without access, which would publish the cameras of its register, and it has none; and without watch."""
    ours = (settings.paths.keeper_socket, settings.paths.recorder_socket(0))
    return [plan for plan in plans(settings, config) if plan.socket in ours]


@contextlib.asynccontextmanager
async def supervised(settings: Settings, config: Path) -> AsyncIterator[None]:
    """They run, as `nvr run` runs them."""
    stop = Stop()
    supervisor = Supervisor(lambda: recording_plans(settings, config), SystemClock())
    running = asyncio.create_task(supervisor.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until(condition: Callable[[], Awaitable[object]], give_up_s: float) -> float:
    """The seconds until it is so."""
    clock = SystemClock()
    begun_us = clock.mono_us()
    while not await condition():
        assert clock.mono_us() < begun_us + give_up_s * 1_000_000, condition
        await clock.sleep(_LOOK_S)
    return (clock.mono_us() - begun_us) / 1_000_000


async def status_of(socket: Path) -> dict[str, Any] | None:
    """What the role answers; None while it does not."""
    with contextlib.suppress(NvrError, TimeoutError, OSError):
        async with asyncio.timeout(5), Client(socket) as client:
            answer: dict[str, Any] = await client.call("status")
            return answer
    return None


async def all_have_records(settings: Settings, cameras: int) -> bool:
    """Whether each camera has a record since its recorder began."""
    answer = await status_of(settings.paths.recorder_socket(0))
    return answer is not None and len([each for each in answer["state"]["cameras"] if each["records"]]) == cameras


async def all_are_recorded(settings: Settings, cameras: int) -> bool:
    """Whether pictures of each camera are taken: its first random access point is there, a whole record not yet."""
    answer = await status_of(settings.paths.recorder_socket(0))
    return answer is not None and [each["state"] for each in answer["state"]["cameras"]] == ["recording"] * cameras


async def lost(settings: Settings) -> int:
    """Packets that did not come, and records that storage did not take, since the recorder began."""
    answer = await status_of(settings.paths.recorder_socket(0))
    assert answer is not None
    return sum(each["lost"] + each["dropped"] for each in answer["state"]["cameras"])


def process_of(role: Role, config: Path) -> psutil.Process:
    """The child that plays the role."""
    return next(_processes(role, config))


def _processes(role: Role, config: Path) -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()
            if f"nvr.app.roles.{role.value}" in command and str(config) in command:
                yield process
