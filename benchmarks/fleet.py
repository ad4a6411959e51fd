"""The cameras of a measurement: simulated ones in a process of their own, or real ones from a URL template."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import started
from nvr.base.modules import module_command


@dataclass(slots=True)
class Fleet:
    """Where the cameras are; `{n}` in the template stands for 1 to N."""

    template: str
    pids: list[int] = field(default_factory=list)
    """The simulator's process; none for real cameras."""
    told: dict[str, int] = field(default_factory=dict)
    """What the simulator said at its end: what it sent, whom it cut, what the machine was too slow for."""


@contextmanager
def fleet(cameras: int, url: str | None, folder: Path) -> Iterator[Fleet]:
    """Cameras of 1080p25, H.264, 4 Mbit/s, that all show one loop encoded beforehand; or those at `url`."""
    if url is not None:
        yield Fleet(url)
        return
    command = module_command("nvr.sim", "--cameras", str(cameras), "--port", "0", "--fleet")
    options = ["--size", "1920x1080", "--fps", "25", "--bitrate-mbit", "4"]
    with started([*command, *options], log=folder / "fleet.log") as process:
        assert process.stdout is not None
        found = Fleet(process.stdout.readline().split()[1], [process.pid])
        yield found
        process.terminate()
        found.told = json.loads(process.communicate()[0].splitlines()[-1])
