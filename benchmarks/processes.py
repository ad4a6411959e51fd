"""Programs that a measurement starts, each ended by its own process id whatever happens to the measurement."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from types import FrameType
from typing import Final

_ENDING_S: Final = 30
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def started(command: Sequence[str | Path], *, log: Path) -> Iterator[subprocess.Popen[str]]:
    """The program, its standard output a pipe and its messages in `log`; it ends with the context.

    Where util-linux is installed, the kernel ends it, too, when the measurement itself is killed.
    """
    setpriv = which("setpriv")
    tied = [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]
    with (
        log.open("ab") as messages,
        subprocess.Popen(
            [*tied, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def orderly_ends() -> Iterator[None]:
    """SIGTERM and SIGHUP leave every context, as Ctrl-C does."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
