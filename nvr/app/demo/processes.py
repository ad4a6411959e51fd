"""Processes that the demo starts, and ends again whatever happens."""

import json
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from nvr.base.errors import Refused
from nvr.base.modules import module_command

_END_S: Final = 60.0


class Processes:
    """A context: what was started in it has ended when it is left, in the reverse order.

    Each runs in a session of its own, so that Ctrl-C reaches the demo alone, which then ends them one by one.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.close()

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program; what it says on standard error is in `<name>.log`."""
        log = self._ending.enter_context((self._logs / f"{name}.log").open("w", encoding="utf-8"))
        return self._started(command, stderr=log)

    def run(self, module: str, *arguments: str) -> None:
        """Run one of our command lines to its end. Raises DemoFailed: it refused or failed."""
        self._run(module, arguments)

    def answer(self, module: str, *arguments: str) -> Any:  # noqa: ANN401 -- the command's JSON
        """What one of our command lines answers to `--json`. Raises DemoFailed."""
        return json.loads(self._run(module, [*arguments, "--json"]))

    def _run(self, module: str, arguments: Sequence[str]) -> str:
        process = self._started(command_line(module, *arguments), stderr=subprocess.PIPE)
        output, said = process.communicate()
        if process.returncode:
            raise DemoFailed(command=" ".join([module, *arguments]), code=process.returncode, why=said.strip())
        return output

    def _started(self, command: Sequence[str], stderr: int | IO[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        self._ending.callback(_end, process)
        return process


class DemoFailed(Refused):
    """A command of the demo's story refused or failed; `why` is what it said."""

    message_id = "demo-failed"


def command_line(module: str, *arguments: str) -> tuple[str, ...]:
    """One of our four programs, by the module that it is: nvr, admin, export, custodian."""
    return module_command(f"nvr.app.cli.{module}", *arguments)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
