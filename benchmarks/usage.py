"""What processes took of the machine, from proc(5): every thread of theirs, and nothing of their children."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals since the processes began, or the difference of two."""

    user_s: float
    system_s: float
    minor_faults: int
    """Pages that were mapped without reading a disk."""
    major_faults: int
    voluntary: int
    """Context switches of a thread that had to wait."""
    involuntary: int
    """Context switches of a thread that another one took the place of."""

    def since(self, earlier: "Usage") -> "Usage":
        """The difference."""
        return Usage(
            self.user_s - earlier.user_s,
            self.system_s - earlier.system_s,
            self.minor_faults - earlier.minor_faults,
            self.major_faults - earlier.major_faults,
            self.voluntary - earlier.voluntary,
            self.involuntary - earlier.involuntary,
        )


def usage(pids: Sequence[int]) -> Usage:
    """The sum over these processes. Raises FileNotFoundError: one has ended."""
    fields = [_stat(pid) for pid in pids]
    switches = [_switches(pid) for pid in pids]
    return Usage(
        user_s=sum(field[11] for field in fields) / _TICKS_PER_S,
        system_s=sum(field[12] for field in fields) / _TICKS_PER_S,
        minor_faults=sum(field[7] for field in fields),
        major_faults=sum(field[9] for field in fields),
        voluntary=sum(voluntary for voluntary, _ in switches),
        involuntary=sum(involuntary for _, involuntary in switches),
    )


def pss_mb(pids: Sequence[int]) -> float:
    """Memory of these processes in MB; a page that several share counts once, in parts."""
    return sum(_value(_PROC / str(pid) / "smaps_rollup", "Pss:") for pid in pids) * 1024 / 1e6


def busy_s() -> float:
    """Seconds of CPU that the whole machine has spent at work since its start."""
    user, nice, system, _idle, _waiting, irq, soft_irq, *_ = map(int, (_PROC / "stat").read_text().split()[1:9])
    return (user + nice + system + irq + soft_irq) / _TICKS_PER_S


def _stat(pid: int) -> list[int]:
    """The fields from the fourth on at their place less three; the first of the list is of no meaning."""
    after_name = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, after_name[1:])]


def _switches(pid: int) -> tuple[int, int]:
    voluntary = involuntary = 0
    for thread in (_PROC / str(pid) / "task").iterdir():
        try:
            voluntary += _value(thread / "status", "voluntary_ctxt_switches:")
            involuntary += _value(thread / "status", "nonvoluntary_ctxt_switches:")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the two lines
    return voluntary, involuntary


def _value(file: Path, key: str) -> int:
    return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(key))
