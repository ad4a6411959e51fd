"""Writing a file of a sealed segment from another one, and reading it back (docs/design/storage.md, "Evidence volume").

K1 to K4 of a copy; whoever calls tells the ledger. What the evidence volume refuses is an OSError; what is wrong with
the segment's own file is an answer.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from storage import disk
from storage.durable import make_directory, remove_file, remove_files, rename_file, write_all
from storage.index.rows import SegmentRow
from storage.inspection import Depth, wrong_with
from storage.volume import SUFFIX, Volume

_BLOCK_BYTES: Final = 1 << 20

Taken = Callable[[int], object]
"""Told how many bytes were read; it may wait, and may raise."""


class CopyDiffers(EvidenceAtRisk):
    """A disk gave back something else than what was written and synced; `file`, `what`."""

    message_id = "copy-differs"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one segment. Not `copied`: its own file is `wrong`, is not there, or did not answer just now."""

    row: SegmentRow
    copied: bool = False
    wrong: str | None = None
    is_there: bool = True


class _OwnFileFailedError(Exception):
    """The segment's own file did not give its bytes."""


def copy_segment(source: Path, volume: Volume, row: SegmentRow, taken: Taken) -> Outcome:
    """Copy the segment's file to this volume under its final name: durable there, and equal to what was sealed.

    What a copy that failed has written is removed, as far as the disk does that; what stays, `clear` removes.

    Raises:
        OSError: the volume refuses something, or has no room.
        CopyDiffers: it gave back something else.
    """
    try:
        outcome = stage(source, volume, row, taken)
        if outcome.copied:
            place(volume, row)
    finally:
        drop(volume, row)
    return outcome


def stage(source: Path, volume: Volume, row: SegmentRow, taken: Taken) -> Outcome:
    """Copy the file to where it has no final name yet: synced, read back, and `copied` if it is what was sealed.

    Whoever calls does `place` or `drop`. Raises as `copy_segment`.
    """
    beside = _beside(volume, row)
    try:
        _write(source, beside, taken)
    except _OwnFileFailedError:
        return _own_fault(source, row, taken)
    wrong = wrong_with(beside, row, Depth.HASH, taken)
    if wrong is None:
        return Outcome(row, copied=True)
    own = _own_fault(source, row, taken)
    if own.wrong is None and own.is_there:
        raise CopyDiffers(file=str(beside), what=wrong)
    return own


def place(volume: Volume, row: SegmentRow) -> None:
    """Give what `stage` has copied its final name, durably. Raises OSError."""
    final = volume.sealed_path(row.camera, row.start_utc_us, row.seg)
    make_directory(final.parent)
    rename_file(_beside(volume, row), final)


def drop(volume: Volume, row: SegmentRow) -> None:
    """Remove what `stage` has left, as far as the disk does that."""
    with suppress(OSError):  # what failed before says so, or the copy has its final name
        remove_file(_beside(volume, row))


def _beside(volume: Volume, row: SegmentRow) -> Path:
    return volume.copying / f"{row.seg}{SUFFIX}"


def clear(volume: Volume) -> None:
    """Remove what a crash left of a copy. Raises VolumeLost, OSError."""
    volume.check()
    with suppress(FileNotFoundError):
        remove_files(sorted(volume.copying.iterdir()))


def _write(source: Path, target: Path, taken: Taken) -> None:
    """The bytes of the source in the target, synced; what memory has of both is let go of."""
    try:
        own = disk.open_file(source, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise _OwnFileFailedError from error
    try:
        make_directory(target.parent)
        copy = disk.open_file(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW)
        try:
            offset = 0
            while block := _read(own, offset):
                write_all(copy, [block])
                offset += len(block)
                taken(len(block))
            disk.fsync(copy)
        finally:
            os.close(copy)
        disk.forget(own)
    finally:
        os.close(own)


def _read(fd: int, offset: int) -> bytes:
    try:
        return disk.pread(fd, _BLOCK_BYTES, offset)
    except OSError as error:
        raise _OwnFileFailedError from error


def _own_fault(source: Path, row: SegmentRow, taken: Taken) -> Outcome:
    """How the segment's own file stands, as it is read now."""
    try:
        return Outcome(row, wrong=wrong_with(source, row, Depth.HASH, taken))
    except FileNotFoundError:
        return Outcome(row, is_there=False)
