"""The same cameras by one `ffmpeg -c copy` process each: what others do, and what we compare with."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from shutil import which
from subprocess import Popen
from typing import Final

from benchmarks.processes import started
from benchmarks.stretch import Counted, Stretch, measure

ROLE: Final = "ffmpeg"
INSTALL: Final = "ffmpeg is not installed. Debian, Ubuntu: apt-get install ffmpeg; Fedora: dnf install ffmpeg-free"


def is_installed() -> bool:
    """Whether there is anything to compare with."""
    return which(ROLE) is not None


def record(name: str, template: str, folder: Path, *, cameras: int, seconds: int) -> Stretch:
    """Record all cameras into MP4 segments of five minutes, one process each."""
    with ExitStack() as processes:
        folders = [folder / f"cam{n}" for n in range(1, cameras + 1)]
        started_here = [
            processes.enter_context(_one(template.format(n=n), folders[n - 1])) for n in range(1, cameras + 1)
        ]
        # Ended all at once before any is waited for: each takes a moment to close its file.
        processes.callback(_tell_to_end, started_here)

        def count() -> Counted:
            _all_live(started_here, folder)
            sizes = [sum(file.stat().st_size for file in each.iterdir()) for each in folders]
            return Counted(time.monotonic(), recording=sum(size > 0 for size in sizes), bytes=sum(sizes))

        pids = [process.pid for process in started_here]
        return measure(name, lambda: {ROLE: pids}, count, cameras=cameras, seconds=seconds)


def _one(url: str, folder: Path) -> AbstractContextManager[Popen[str]]:
    folder.mkdir()
    reading = ["-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url]
    writing = ["-c", "copy", "-an", "-f", "segment", "-segment_time", "300", "-segment_format", "mp4"]
    return started(["ffmpeg", *reading, *writing, folder / "%05d.mp4"], log=folder.parent / "ffmpeg.log")


def _tell_to_end(processes: Sequence[Popen[str]]) -> None:
    for process in processes:
        process.terminate()


def _all_live(processes: Sequence[Popen[str]], folder: Path) -> None:
    ended = [process.pid for process in processes if process.poll() is not None]
    if ended:
        log = (folder / "ffmpeg.log").read_text()
        raise AssertionError(f"{len(ended)} of {len(processes)} ffmpeg ended: {log[-2000:]}")
