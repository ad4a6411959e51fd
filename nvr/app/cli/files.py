"""Files that people carry from one program to the other."""

import os
from pathlib import Path

from nvr.base.errors import Refused


def write_new_file(path: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a file that must not exist yet, durably.

    Raises:
        Refused: it is there already (`file-exists`), or can not be written (`file-not-written`).
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise Refused("file-exists", file=str(path)) from error
    except OSError as error:
        raise Refused("file-not-written", file=str(path), why=error.strerror) from error


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises Refused (`file-not-read`)."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused("file-not-read", file=str(path), why=error.strerror) from error
