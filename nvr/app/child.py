"""One child of the supervisor: started, watched, started again.

A child that answers nothing on its socket for `silent_s` is killed: alive is not enough.
"""

import asyncio
import contextlib
import logging
import subprocess
from asyncio.subprocess import Process
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND
from nvr.base.wire import Client

_PROBE_EVERY_S: Final = 1.0
_LONGEST_LOOK_US: Final = 2 * US_PER_SECOND
"""A longer step between two looks: the machine was suspended, or we were; the child may have been well all along."""
_NOT_STARTED: Final = 126
"""As a shell answers for a program that it can not run."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """How a child is started, and where it answers `status`.

    `silent_s`: kill it when it has not answered for so long; `starting_s`: when it has never answered;
    `stopping_s`: when it was asked to end and has not.
    """

    name: str
    command: tuple[str, ...]
    socket: Path
    silent_s: float = 15.0
    starting_s: float = 60.0
    stopping_s: float = 45.0


class Child:
    """Keeps one process of the plan running until the stop."""

    def __init__(self, plan: ChildPlan, clock: Clock) -> None:
        self.plan = plan
        self._clock = clock
        self._backoff = Backoff(first_s=0.5, most_s=30.0)
        self._process: Process | None = None
        self._silent_us = 0
        self._limit_s = plan.starting_s

    async def keep(self, stop: Stop) -> int:
        """Run it, and again when it ends, whatever the reason; the exit code of the last run.

        A child that can not use a file or an address is tried again like any other: it may be there later, and the
        others, recording above all, do not depend on it.
        """
        at_once = True
        while True:
            began_us = self._clock.mono_us()
            code = await self._run_once(stop)
            ran_us = self._clock.mono_us() - began_us
            if stop.is_set():
                return code
            self._backoff.ran_for(ran_us)
            delay_s = 0.0 if at_once else self._backoff.next_delay_s()
            at_once = ran_us >= US_PER_SECOND * self.plan.starting_s
            _log.error("%s ended with %s; again in %.1f s", self.plan.name, code, delay_s)
            await first_done(stop.wait(), self._clock.sleep(delay_s))
            if stop.is_set():
                return 0

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _run_once(self, stop: Stop) -> int:
        try:
            process = await asyncio.create_subprocess_exec(*self.plan.command, stdin=subprocess.PIPE)
        except OSError as error:
            # No memory or no process to be had now: the sisters run on, and it is tried again.
            _log.error("%s can not be started: %s", self.plan.name, error)
            return _NOT_STARTED
        self._process = process
        _log.info("%s started, pid %s", self.plan.name, process.pid)
        try:
            await first_done(process.wait(), stop.wait(), self._until_silent())
            if process.returncode is None and stop.is_set():
                process.terminate()
                await first_done(process.wait(), self._clock.sleep(self.plan.stopping_s))
            if process.returncode is None:
                _log.error("%s does not answer: killed", self.plan.name)
                self.kill()
            return await process.wait()
        finally:
            self.kill()
            if process.stdin is not None:
                process.stdin.close()

    async def _until_silent(self) -> None:
        """Return when the child has been silent for too long."""
        self._silent_us, self._limit_s = 0, self.plan.starting_s
        async with Client(self.plan.socket) as client:
            await first_done(self._ask(client), self._silence())

    async def _ask(self, client: Client) -> None:
        """Ask again and again; every answer ends the silence, which then counts from the next question on."""
        while True:
            with contextlib.suppress(NvrError, TimeoutError):
                async with asyncio.timeout(self._limit_s):
                    await client.call("status")
                self._silent_us, self._limit_s = round(-_PROBE_EVERY_S * US_PER_SECOND), self.plan.silent_s
            await self._clock.sleep(_PROBE_EVERY_S)

    async def _silence(self) -> None:
        """Return when the limit is reached; time in which we did not run ourselves is no silence of the child."""
        before_us = self._clock.mono_us()
        while self._silent_us < self._limit_s * US_PER_SECOND:
            await self._clock.sleep(_PROBE_EVERY_S)
            now_us = self._clock.mono_us()
            self._silent_us += min(now_us - before_us, _LONGEST_LOOK_US)
            before_us = now_us


async def first_done(*waits: Awaitable[object]) -> None:
    """Wait until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
