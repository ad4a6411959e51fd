"""A whole running system, as `nvr demo` sets one up: three cameras, the daemon, accounts, custodians."""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from nvr.app.demo.processes import Processes
from nvr.app.demo.stage import Stage, set_up
from nvr.base.clock import SystemClock
from tests.canary import forms

T = TypeVar("T")
R = TypeVar("R")


class Town:
    """A stage, and its processes by role."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.settings = stage.settings

    def process(self, role: str) -> psutil.Process:
        """The process that has this role now."""
        (found,) = [
            process
            for process in psutil.Process().children(recursive=True)
            if f"nvr.app.roles.{role}" in (command := process.cmdline()) and str(self.stage.config) in command
        ]
        return found

    @contextmanager
    def without(self, *roles: str) -> Iterator[None]:
        """Inside, these roles are dead, and nobody starts them again; after it all of them answer."""
        victims = [self.process(role) for role in roles]
        supervisor = self.process("recorder").parent()
        assert supervisor is not None
        supervisor.suspend()
        try:
            for victim in victims:
                victim.kill()
            yield
            assert not any(victim.is_running() and victim.status() != psutil.STATUS_ZOMBIE for victim in victims)
        finally:
            supervisor.resume()
        sockets = (self.settings.paths.keeper_socket, self.settings.paths.access_socket)
        self.stage.until("all roles are back", lambda: all(self.stage.status(socket) is not None for socket in sockets))

    def kill(self, role: str) -> None:
        """End the role as a power cut would, and wait until another process has it and answers."""
        victim = self.process(role)
        victim.kill()
        victim.wait()
        socket = self.settings.paths.recorder_socket(0) if role == "recorder" else self.settings.paths.keeper_socket
        self.stage.until(f"{role} is back", lambda: self.stage.status(socket) is not None)


@contextmanager
def beside(context: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What is simulated runs on an event loop in a thread of its own, and the test may wait for real processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)

    def run(doing: Coroutine[object, object, R]) -> R:
        return asyncio.run_coroutine_threadsafe(doing, loop).result()

    thread.start()
    try:
        entered = run(context.__aenter__())
        try:
            yield entered
        finally:
            run(context.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for the sockets below it: at most 107 bytes, and pytest's paths are long."""
    with tempfile.TemporaryDirectory(prefix="scelle-") as folder:
        yield Path(folder)


@pytest.fixture
def short_path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with short_folder() as folder:
        (folder / "logs").mkdir()
        with Processes(folder / "logs") as processes:
            yield Town(set_up(folder, processes, SystemClock(), port=0))
        passwords = [file.read_text().splitlines()[0] for file in (folder / "passwords").iterdir()]
        for log in (folder / "logs").iterdir():
            said = log.read_text(encoding="utf-8")
            told = [password for password in passwords for form in forms("", password) if form in said]
            assert not told, f"{log.name} holds a password"
