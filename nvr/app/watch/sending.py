"""One message over one channel: a child process that is given it on standard input, and killed when time is up.

Nothing that a mail server or a library does can hold up the watch or run inside it. No secret is on a command line.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nvr.base.jcs import Json

OK: Final = "ok"
MARK: Final = "send: "
"""Before the cause on the last line of a sender of ours; what follows the next blank is the detail."""

_MOST_DETAIL: Final = 300
_MOST_OUTPUT_BYTES: Final = 65_536
_CAUSES: Final = frozenset({"unreachable", "timeout", "tls", "login", "refused", "no-secret", "not-installed"})
_ENDING_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the id of a text `send-...`, and what was met there."""

    cause: str
    detail: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether the other side took it."""
        return self.cause == OK


async def run_sender(command: Sequence[str], message: Mapping[str, Json], *, timeout_s: float) -> Outcome:
    """Start it, give it the message as JSON, and say how it ended; it is killed after `timeout_s`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome("not-started", error.strerror or type(error).__name__)
    try:
        async with asyncio.timeout(timeout_s):
            output = await _talk(process, json.dumps(message, ensure_ascii=False).encode())
            code = await process.wait()
    except TimeoutError:
        return Outcome("timeout")
    finally:
        await _end(process)
    return _outcome(output, code)


async def _talk(process: asyncio.subprocess.Process, message: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        return b""
    # A program that reads nothing, or closes its input early, may still succeed: its exit code says.
    with contextlib.suppress(ConnectionError):
        process.stdin.write(message)
        await process.stdin.drain()
    process.stdin.close()
    output = b""
    while chunk := await process.stdout.read(4096):
        output = (output + chunk)[-_MOST_OUTPUT_BYTES:]
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    # The whole session: a program of the town's may have started others.
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDING_S):
            await process.wait()


def _outcome(output: bytes, code: int) -> Outcome:
    text = output.decode(errors="replace").strip()
    last = text.rpartition("\n")[2] or f"exit code {code}"
    _, is_ours, said = last.partition(MARK)
    cause, _, detail = said.partition(" ")
    if code == 0:
        return Outcome(OK, detail[:_MOST_DETAIL])
    if is_ours and cause in _CAUSES:
        return Outcome(cause, detail[:_MOST_DETAIL])
    return Outcome("failed", last[:_MOST_DETAIL])
