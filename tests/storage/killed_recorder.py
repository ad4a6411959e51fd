"""A real recorder process that is killed at a named step (docs/design/storage.md "The life of a segment").

`python -m tests.storage.killed_recorder DIRECTORY STEP` records the story, prints what it promises, a line each, and
kills itself right after the step's first call on the first segment.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from storage import disk
from tests.storage.sealed import Recorder
from tests.storage.story import Promise, Synced, record, spools_of

STEPS: Final[dict[str, tuple[str, str, int]]] = {
    # step: call of storage.disk, end of the path that it is for, which of them
    "O1": ("fdatasync", ".keys", 2),
    "O2": ("open_file", ".svs", 1),
    "O3": ("writev", ".svs", 1),
    "A1": ("writev", ".svs", 2),
    "S1": ("syncfs", "/growing/0", 1),
    "C1": ("writev", ".svs", 7),
    "C2": ("fdatasync", ".svs", 1),
    "C3": ("rename", ".svs", 1),
    "C4": ("fsync", "/growing/0", 1),
}
"""C5, the seal in the spool, is the first promise of one."""


def main(directory: Path, step: str) -> None:
    if step in STEPS:
        call, suffix, number = STEPS[step]
        setattr(disk, call, _deadly(getattr(disk, call), suffix, number))
    record(Recorder(directory), spools_of(directory), lambda promise: _say(promise, dies=step == "C5"))
    raise AssertionError(f"lived through {step}")


def _deadly(real: Callable[..., Any], suffix: str, number: int) -> Callable[..., Any]:
    left = number

    def call(target: Path | int, *args: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
        nonlocal left
        path = str(target) if isinstance(target, Path) else str(Path(f"/proc/self/fd/{target}").readlink())
        done = real(target, *args)
        left -= path.endswith(suffix)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return call


def _say(promise: Promise, *, dies: bool) -> None:
    said = {"synced": dict(promise.records)} if isinstance(promise, Synced) else {"spooled": list(promise.segments)}
    os.write(1, f"{json.dumps(said)}\n".encode())
    if dies and "spooled" in said:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
