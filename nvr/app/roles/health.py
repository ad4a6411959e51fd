"""The looking process of one recorder: coded key frames in, scores out, and nothing else (docs/design/health.md).

It decodes what a hostile camera may have made. So it gives up, before the first byte, whatever a picture could be kept
with or sent by: it writes no file, opens no file or socket, starts no process or thread, leaves no core dump; and the
kernel ends it with the recorder, and before the recorder when memory runs out.
"""

import ctypes
import json
import os
import resource
import signal
from pathlib import Path
from typing import IO, Final

import cv2
import numpy as np

from nvr.app.hardening import harden
from recorder.health.decoding import planes_of
from recorder.health.looks import LENGTH, MOST_TASK, NO_PICTURE, Task, task_of
from recorder.health.scoring import look_at

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_MEMORY_BYTES: Final = 1 << 30
"""Beyond what is mapped at the start: a decoder's pictures of 8192 x 8192 in 10 bits, and little more."""
_NICE: Final = 10
_OPEN_FILES: Final = 3
_FIRST_KILLED: Final = "1000"
_OOM: Final = Path("/proc/self/oom_score_adj")
_STATM: Final = Path("/proc/self/statm")


def main() -> None:
    """Serve until the pipe closes. Anything unexpected ends the process; the recorder starts another."""
    parent = os.getppid()
    harden(holds_keys=True)
    _warm_up()
    _give_up(parent)
    with open(0, "rb", closefd=False) as tasks, open(1, "wb", closefd=False) as answers:
        serve(tasks, answers)


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each task, until there are no more."""
    while (task := _next(tasks)) is not None:
        answers.write(_answer(task))
        answers.flush()


def _answer(task: Task) -> bytes:
    planes = planes_of(task)
    if planes is None:
        return NO_PICTURE
    return look_at(*planes, task.recent, task.references).encode()


def _next(tasks: IO[bytes]) -> Task | None:
    prefix = tasks.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(prefix)
    if size > MOST_TASK:
        raise ValueError("not a task")
    head = json.loads(tasks.read(size))
    return task_of(head, tasks.read(head["size"]))


def _warm_up() -> None:
    """Let the libraries open and map what they want while they may."""
    cv2.setNumThreads(1)
    grey = np.full((96, 160), 128, np.uint8)
    first = look_at(grey, [grey], [], [])
    look_at(grey, [grey], [first.profile], [first.profile])
    for codec in ("avc1", "hvc1", "mp4v.6C"):
        planes_of(Task(codec, b"", b"\0\0\0\1\0", [], []))


def _give_up(parent: int) -> None:
    _OOM.write_text(_FIRST_KILLED)
    os.nice(_NICE)
    mapped = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_PDEATHSIG, signal.SIGKILL)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option}) failed")
    if os.getppid() != parent:  # the recorder died before the kernel knew that its death counts
        raise SystemExit(0)
    for limit, most in (
        (resource.RLIMIT_AS, mapped + _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
