"""A disk whose n-th call fails: wrappers over the real calls of `storage.disk`, for files below one directory."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from storage import disk

CHANGING = ("open_file", "writev", "pwrite", "ftruncate", "allocate", "fsync", "fdatasync", "syncfs")
"""What a writer does to a file."""
NAMING = ("mkdir", "rmdir", "rename", "rename_exclusive", "link", "unlink")
"""What it does to names."""
READING = ("pread", "statvfs")
CALLS = (*CHANGING, *NAMING, *READING)


class FaultyDisk:
    """Counts the calls on files below `below`, and fails the call number `fail_at` (from 1) with `code`.

    Of the calls, those named by `only` count. With `for_good` every later call fails too, as on a disk that stays full
    or broken. A write that fails leaves half of its bytes in the file first. `calls` names what was called.
    """

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        below: Path,
        *,
        fail_at: int = 0,
        code: int = errno.EIO,
        for_good: bool = False,
        only: Sequence[str] = CALLS,
    ) -> None:
        self.calls: list[str] = []
        self._below = str(below)
        self._fail_at = fail_at
        self._code = code
        self._for_good = for_good
        for name in only:
            patch.setattr(disk, name, self._wrapper(name, getattr(disk, name)))

    def _wrapper(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
            if not is_below(first, self._below):
                return real(first, *args, **kwargs)
            self.calls.append(name)
            number = len(self.calls)
            if number == self._fail_at or (self._for_good and 0 < self._fail_at < number):
                _tear(name, first, *args)
                raise OSError(self._code, os.strerror(self._code))
            return real(first, *args, **kwargs)

        return call


def _tear(name: str, first: Any, *args: Any) -> None:  # noqa: ANN401 -- whatever the real call takes
    if name == "writev":
        data = b"".join(args[0])
        os.write(first, data[: len(data) // 2])
    elif name == "pwrite":
        os.pwrite(first, args[0][: len(args[0]) // 2], args[1])


def is_below(target: int | str | os.PathLike[str], folder: str) -> bool:
    """Whether a path, or the file of a descriptor, lies below the folder."""
    if isinstance(target, int):
        try:
            path = Path(f"/proc/self/fd/{target}").readlink()
        except OSError:
            return False
    else:
        path = Path(target)
    return str(path).startswith(folder)
