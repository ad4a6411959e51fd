"""Looking at one sealed file without keys: whether it is there, as long as it was, and every byte what was sealed."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from storage import disk
from storage.index.rows import SegmentRow
from storage.svs1.layout import SegmentDamaged
from storage.svs1.scan import Scan, scan


class Depth(StrEnum):
    """How closely a check looks; each does what those before it do."""

    PRESENCE = "presence"
    """Each file that the index has is there, each file on the volume is known: directories are read."""
    SIZE = "size"
    """Each is as long as it was: one look at each file's inode."""
    HASH = "hash"
    """Header, records, index and footer are what was sealed, by the root in the ledger: all of it is read."""


def wrong_with(path: Path, row: SegmentRow, depth: Depth, taken: Callable[[int], object]) -> str | None:
    """What is wrong with the segment's file, in a technician's words; None: nothing, as far as this depth looks.

    `taken` is told how many bytes were read, as `scan` does. A fault of the content is read twice, from the disk,
    before it is told: memory errs, too.

    Raises:
        FileNotFoundError: it is not there.
    """
    if depth is Depth.PRESENCE:
        return None
    try:
        size = path.stat().st_size
        wrong = f"{size} bytes, {row.file_bytes} were sealed" if size != row.file_bytes else None
        if depth is Depth.SIZE or wrong is not None:
            return wrong
        return _content(path, row, taken) and _content(path, row, taken)
    except FileNotFoundError:
        raise
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _content(path: Path, row: SegmentRow, taken: Callable[[int], object]) -> str | None:
    forget(path)
    try:
        return _differs(scan(path, taken=taken), row)
    except SegmentDamaged as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise error.__cause__ from None
        return f"{error.what}, at byte {error.offset}"
    finally:
        forget(path)


def _differs(found: Scan, row: SegmentRow) -> str | None:
    if found.root != row.root:
        return "another root than the one that was sealed"
    if not (found.closed or row.recovered):  # one that a crash left may have neither index nor footer
        return "index or footer is not what was written"
    return None


def forget(path: Path) -> None:
    """Have the kernel let go of the file's pages: the next read is of the disk, and nobody else's pages make room."""
    fd = disk.open_file(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        disk.forget(fd)
    finally:
        os.close(fd)
