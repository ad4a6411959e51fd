"""What is mounted where, as the kernel tells it (proc(5), mountinfo)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOUNTINFO: Final = Path("/proc/self/mountinfo")
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One file system: where, of which kind, from which source; `device` is the kernel's `major:minor`."""

    point: Path
    kind: str
    source: str
    device: str


def mounts(mountinfo: Path = MOUNTINFO) -> list[Mount]:
    """Every mount, the later ones over the earlier. Raises OSError: /proc can not be read."""
    found = []
    for line in mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        fields, more = before.split(" "), after.split(" ")
        if len(fields) >= 5 and len(more) >= 2:  # noqa: PLR2004 -- proc(5): what stands before and behind the dash
            found.append(Mount(Path(_plain(fields[4])), more[0], _plain(more[1]), fields[2]))
    return found


def mount_of(path: Path, known: list[Mount]) -> Mount | None:
    """The mount that the path lies on, symbolic links followed; it touches no disk but for those."""
    at = path.resolve()
    over = [mount for mount in known if at.is_relative_to(mount.point)]
    return max(enumerate(over), key=lambda one: (len(one[1].point.parts), one[0]), default=(0, None))[1]


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), text)
