"""A place of the keyring: a directory that says of itself that it is one, so that an empty mount point is not."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import canonical
from storage import disk
from storage.durable import create_file, make_directory, replace_file
from storage.keyring.layout import FILE_HEAD_BYTES, FIRST_SLOT, SLOT_HEAD_BYTES, FileHead, SlotHead, SlotState

IDENTITY_NAME: Final = "scelle-keyring.json"
_IDENTITY: Final = canonical({"v": 1, "t": "scelle-keyring"})


class KeyringUnreachable(EvidenceAtRisk):
    """No place of the keyring can be used: nothing may be recorded, opened or destroyed."""

    message_id = "keyring-unreachable"


def create_place(path: Path) -> None:
    """Make the directory a place of the keyring; one that is already is left as it is."""
    make_directory(path)
    try:
        create_file(path / IDENTITY_NAME, _IDENTITY)
    except FileExistsError:
        check_place(path)


def check_place(path: Path) -> None:
    """Check that the directory is a place.

    Raises:
        OSError: it can not be reached, or is not one: an empty mount point, for example.
    """
    try:
        found = json.loads((path / IDENTITY_NAME).read_bytes())
    except ValueError as error:
        raise OSError(f"{path} is no place of a keyring") from error
    if not isinstance(found, dict) or found.get("t") != "scelle-keyring" or found.get("v") != 1:
        raise OSError(f"{path} is no place of a keyring of this version")


def file_names(place: Path) -> set[str]:
    """The keyring files of the place, by their path within it. Raises OSError if it can not be reached."""
    check_place(place)
    return {str(path.relative_to(place)) for path in place.glob("*/*.keys")}


def open_or_create(path: Path, head: FileHead) -> "KeyringFile":
    """The file at the path, made with this head if there is none, opened for writing.

    Raises:
        OSError: it can not be made, or another head stands there.
    """
    if not path.exists():
        make_directory(path.parent)
        replace_file(path, head.pack())
    file = KeyringFile(path, writing=True)
    if file.head != head:
        file.close()
        raise OSError(f"{path} belongs to another set, or has other slots")
    return file


class KeyringFile:
    """One file of one place, opened; a context manager.

    Raises:
        OSError: it can not be read.
        KeyringDamaged: its head is wrong.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self.path = path
        self._fd = disk.open_file(path, (os.O_RDWR if writing else os.O_RDONLY) | os.O_NOFOLLOW)
        try:
            self.head = FileHead.parse(disk.pread(self._fd, FILE_HEAD_BYTES, 0), file=str(path))
            os.posix_fadvise(self._fd, FIRST_SLOT, 0, os.POSIX_FADV_RANDOM)
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)

    @property
    def state(self) -> tuple[int, ...]:
        """What tells this file from another one, and from itself after anybody wrote to it."""
        status = os.fstat(self._fd)
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    @property
    def removed(self) -> bool:
        """Whether the file's name is gone."""
        return os.fstat(self._fd).st_nlink == 0

    def slots(self) -> Iterator[tuple[int, SlotHead | None]]:
        """Every slot's number and head; None for one that a crash tore."""
        for number in range(self.next_slot()):
            yield number, self.slot(number)

    def slot(self, number: int) -> SlotHead | None:
        """The slot's head; None for one that a crash tore, or that is being written."""
        return SlotHead.parse(disk.pread(self._fd, SLOT_HEAD_BYTES, self._offset(number)))

    def payload(self, number: int, head: SlotHead) -> bytes | None:
        """The key record's bytes; None when the slot is shredded, or was torn by a crash."""
        if head.state is not SlotState.LIVE or head.length > self.head.slot_bytes:
            return None
        payload = disk.pread(self._fd, head.length, self._offset(number) + SLOT_HEAD_BYTES)
        return payload if head.fits(payload) else None

    def is_clean_tombstone(self, number: int, head: SlotHead) -> bool:
        """Whether nothing is left in the slot but its tombstone."""
        return head.state is SlotState.SHREDDED and head.fits(b"") and self.is_exact(number, head)

    def is_exact(self, number: int, head: SlotHead) -> bool:
        """Whether nothing but zeros stands behind the slot's payload."""
        used = SLOT_HEAD_BYTES + head.length
        rest = disk.pread(self._fd, max(0, self.head.slot_bytes - used), self._offset(number) + used)
        return not rest.strip(b"\x00")

    @property
    def head_is_exact(self) -> bool:
        """Whether nothing but zeros stands between the file's head and its first slot."""
        return disk.pread(self._fd, FIRST_SLOT, 0) == self.head.pack()

    def next_slot(self) -> int:
        """The first number that nothing was ever written to; a torn slot is never used again."""
        return max(0, -(-(os.fstat(self._fd).st_size - FIRST_SLOT) // self.head.slot_bytes))

    def write(self, number: int, slots: bytes) -> None:
        """Write slots from this number on; durable only after `sync`."""
        view, offset = memoryview(slots), self._offset(number)
        while view:
            written = disk.pwrite(self._fd, view, offset)
            view, offset = view[written:], offset + written

    def sync(self) -> None:
        """Make what was written durable (fdatasync). A failure is never retried on this descriptor."""
        disk.fdatasync(self._fd)

    def _offset(self, number: int) -> int:
        return FIRST_SLOT + number * self.head.slot_bytes
