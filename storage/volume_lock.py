"""Who has a directory of a volume to himself: a shard's recorder, or the keeper (docs/design/storage.md "Volumes")."""

import fcntl
import os
from pathlib import Path

from storage import disk
from storage.durable import make_directory
from storage.volume import VolumeLost


def lock_directory(directory: Path, who: str) -> int:
    """A descriptor of the directory, which is made if it is missing; it is locked until that is closed (flock(2)).

    Raises:
        VolumeLost: another one of `who` has it, or it can not be made or opened.
    """
    fd = -1
    try:
        make_directory(directory)
        fd = disk.open_file(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        what = f"another {who} has it" if isinstance(error, BlockingIOError) else str(error)
        raise VolumeLost(path=str(directory), what=what) from error
    return fd


def is_directory_of(fd: int, directory: Path) -> bool:
    """Whether the name still leads to what the descriptor has open: after a mount it leads elsewhere."""
    try:
        return os.path.samestat(os.fstat(fd), directory.stat())
    except OSError:
        return False
