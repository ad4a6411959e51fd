"""Small file systems for tests that fill one: mounted in a namespace of the test's own, seen by nobody else."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_UNSHARE: Final = ("unshare", "--map-root-user", "--mount")
_MOUNT_AND_RUN: Final = 'mount -t tmpfs -o size=$1 scelle-test "$2/disk" && exec "$0" -m "$3" "$2"'


def in_small_disk(module: str, folder: Path, size_bytes: int) -> list[str]:
    """The command that runs a module with this folder, in which `disk` is a file system of this size."""
    return [*_UNSHARE, "sh", "-c", _MOUNT_AND_RUN, sys.executable, str(size_bytes), str(folder), module]


def may_mount() -> bool:
    """Whether that may be done here: it takes user namespaces, and no rights."""
    tried = [*_UNSHARE, "mount", "-t", "tmpfs", "scelle-test", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False
