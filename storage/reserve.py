"""Room that is kept for the moment in which there is none (docs/design/storage.md "Volumes")."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from storage import disk
from storage.durable import remove_file

T = TypeVar("T")

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
NAME: Final = "reserve"
RESERVE_BYTES: Final = 64 << 20
ROOM_FACTOR: Final = 4
"""The file is made where there is room for so many of its size: it must not be what fills the disk."""
_FOR_RECORDS: Final = 3, 4
"""The share of it that records may take which were handed over already; the rest is for indexes and names."""


class Reserve:
    """A file with real blocks, which is removed when a write finds no room. The volume's writer thread owns it.

    `ran_out` is called when it was removed.
    """

    def __init__(self, directory: Path, size_bytes: int, ran_out: Callable[[], None]) -> None:
        self.held = False
        """Whether it is there; any thread may read it."""
        self._path = directory / NAME
        self._size_bytes = size_bytes
        self._left_bytes: int | None = None
        """Of what was given, for records; None while nothing was."""
        self._ran_out = ran_out

    def make(self, free_bytes: int) -> None:
        """See to it that the file is there, if there is room for it, or one was left by the process before.

        Raises:
            OSError: the disk refused, for another reason than want of room.
        """
        if self.held or self._was_left():
            self.held = True
        elif free_bytes >= ROOM_FACTOR * self._size_bytes:
            self.held = self._made()
        if self.held:
            self._left_bytes = None

    def with_room(self, step: Callable[[], T]) -> T:
        """Do the step; where it finds no room, once more after the file was removed.

        Raises:
            OSError: that of the step, or the file could not be removed.
        """
        try:
            return step()
        except OSError as error:
            if error.errno not in NO_ROOM or not self._release():
                raise
        return step()

    def spend(self, size_bytes: int) -> bool:
        """Whether a record may be written while there is no room: into a part of what the file gave, if it gave any."""
        if self._left_bytes is None:
            return True
        self._left_bytes -= size_bytes
        return self._left_bytes >= 0

    def _release(self) -> bool:
        if not self.held:
            return False
        self.held = False
        share, of = _FOR_RECORDS
        self._left_bytes = self._size_bytes * share // of
        self._ran_out()
        return remove_file(self._path)

    def _was_left(self) -> bool:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        if status.st_size == self._size_bytes <= status.st_blocks * 512:
            return True
        remove_file(self._path)  # a crash left it half made
        return False

    def _made(self) -> bool:
        fd = disk.open_file(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            disk.allocate(fd, self._size_bytes)
        except OSError as error:
            remove_file(self._path)
            if error.errno in NO_ROOM:
                return False
            raise
        finally:
            os.close(fd)
        return True
