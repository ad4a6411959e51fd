"""The recorder's side of its looking process: started when needed, asked one picture at a time, killed when it hangs.

Recording never waits for it: what can not be taken at once is not taken.
"""

import asyncio
import contextlib
import logging
import subprocess
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.stop import Stop
from recorder.health.looks import LENGTH, MOST_ANSWER, Look, NotALook, Task, look_of

ANSWER_S: Final = 10.0
"""A picture takes some hundredths of a second; a machine that swaps, some seconds."""
START_S: Final = 30.0

_log: Final = logging.getLogger(__name__)


class Looked:
    """How a look came out: `look` is None when nothing could be decoded, `failed` when the process did not answer."""

    __slots__ = ("failed", "look")

    def __init__(self, look: Look | None, *, failed: bool = False) -> None:
        self.look = look
        self.failed = failed


Tell = Callable[[Looked], None]


class Looker:
    """`run` once, as a task; `offer` from the same event loop.

    `command` and `environment` are all that the process is given: no descriptor but the pipe's, no credential.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        clock: Clock,
        *,
        answer_s: float = ANSWER_S,
        start_s: float = START_S,
    ) -> None:
        self.starts = 0
        self._command = command
        self._environment = environment
        self._clock = clock
        self._answer_s = answer_s
        self._start_s = start_s
        self._backoff = Backoff(first_s=0.5, most_s=60.0)
        self._process: Process | None = None
        self._asked = False
        self._began_mono_us = 0
        self._wanted: asyncio.Future[tuple[Task, Tell]] | None = None

    @property
    def free(self) -> bool:
        """Whether an offer would be taken."""
        return self._wanted is not None and not self._wanted.done()

    def offer(self, task: Task, tell: Tell) -> bool:
        """Look at this picture, and call `tell` from the event loop. False: it is not taken, the process is busy."""
        wanted = self._wanted
        if wanted is None or wanted.done():
            return False
        wanted.set_result((task, tell))
        return True

    async def run(self, stop: Stop) -> None:
        """Look at what is offered until the stop."""
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                await self._serve(stopping)
        finally:
            self._wanted = None
            stopping.cancel()
            await self._end()

    async def _serve(self, stopping: asyncio.Future[None]) -> None:
        """Wait for an offer, look, tell; nothing of the picture stays behind."""
        self._wanted = wanted = asyncio.get_running_loop().create_future()
        await _first(wanted, stopping)
        if not wanted.done():
            return
        task, tell = wanted.result()
        looking = asyncio.ensure_future(self._look(task))
        await _first(looking, stopping)
        if not looking.done():
            looking.cancel()
            await asyncio.wait([looking])
            return
        looked = looking.result()
        tell(looked)
        if looked.failed:
            delay = asyncio.ensure_future(self._clock.sleep(self._backoff.next_delay_s()))
            await _first(delay, stopping)
            delay.cancel()

    async def _look(self, task: Task) -> Looked:
        try:
            process = self._process or await self._start()
            async with asyncio.timeout(self._answer_s if self._asked else self._start_s):
                look = look_of(await self._ask(process, task), task)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, NotALook) as error:
            _log.warning("the looking process failed (%s): it is started again when needed", type(error).__name__)
            await self._end()
            return Looked(None, failed=True)
        self._asked = True
        return Looked(look)

    async def _start(self) -> Process:
        self._began_mono_us, self._asked = self._clock.mono_us(), False
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(self._environment),
            close_fds=True,
        )
        self.starts += 1
        return self._process

    async def _ask(self, process: Process, task: Task) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        process.stdin.write(task.encode())
        await process.stdin.drain()
        (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if size > MOST_ANSWER:
            raise NotALook("size")
        return await process.stdout.readexactly(size)

    async def _end(self) -> None:
        """Kill the process: there is nothing in it that is worth an orderly end."""
        process, self._process = self._process, None
        if process is None:
            return
        self._backoff.ran_for(self._clock.mono_us() - self._began_mono_us)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


async def _first(*futures: "asyncio.Future[Any]") -> None:
    """Until one of them is done; none is cancelled."""
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
