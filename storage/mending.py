"""Putting a verified copy in the place of a segment's bent file, which is kept beside it.

What the disk does of M1 to M7 (docs/design/storage.md, "Evidence volume"); whoever calls tells the ledger in between.
"""

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from storage import disk
from storage.copying import CopyDiffers, Taken, place, stage
from storage.durable import sync_directory
from storage.index.rows import SegmentRow
from storage.inspection import Depth, wrong_with
from storage.volume import Volume

LEAST_FREE_BYTES: Final = 64 << 20
"""So much stays free for the recorder, which closes its segments there."""


class NotMended(EvidenceAtRisk):
    """A segment's bent file is left as it is, and so is its copy; `file`, `what`."""

    message_id = "not-mended"


class Found(StrEnum):
    """What came of `prepare`."""

    READY = "ready"
    """The bent file has its second name, and what takes its place was read back."""
    WHOLE = "whole"
    """It was read, and is what was sealed."""
    LATER = "later"
    """There is no room, or one of the files is not there or does not answer: a comparison says which."""


def prepare(volume: Volume, copy: Path, row: SegmentRow, taken: Taken) -> Found:
    """M1 to M4 on the segment's own volume. Whoever calls does `replace`, or `storage.copying.drop`.

    Raises:
        NotMended: the copy is bent too, the file was mended before, or the disk gives back something else.
        VolumeLost: the volume is not there.
        OSError: it refuses something, or has no room.
    """
    volume.check()
    own = volume.sealed_path(row.camera, row.start_utc_us, row.seg)
    kept = volume.damaged_path(row.camera, row.start_utc_us, row.seg)
    if not copy.exists() or volume.space().free_bytes - LEAST_FREE_BYTES < row.file_bytes:
        return Found.LATER  # without a look at the content: it is asked each minute
    with suppress(FileNotFoundError):
        if wrong_with(own, row, Depth.HASH, taken) is None:
            return Found.WHOLE
        if kept.exists() and not kept.samefile(own):
            raise NotMended(file=str(own), what="it was mended before, and is bent again")
        return _staged(volume, copy, row, taken, own, kept)
    return Found.LATER


def _staged(volume: Volume, copy: Path, row: SegmentRow, taken: Taken, own: Path, kept: Path) -> Found:
    try:
        outcome = stage(copy, volume, row, taken)
    except CopyDiffers as error:
        raise NotMended(file=str(own), what="the disk gave back something else than was written") from error
    if outcome.wrong is not None:
        raise NotMended(file=str(own), what=f"its copy is bent too, {outcome.wrong}")
    if not outcome.copied:
        return Found.LATER
    with suppress(FileExistsError):  # a crash left it: it is this very file
        disk.link(own, kept)
    sync_directory(own.parent)
    return Found.READY


def replace(volume: Volume, row: SegmentRow) -> None:
    """M6: what was staged gets the segment's name, durably.

    Raises:
        VolumeLost: the volume is not there any more; what it has is as before, or whole.
        OSError: it refuses.
    """
    volume.check()
    place(volume, row)
    volume.check()
