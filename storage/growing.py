"""What a crash left in a shard's `growing/` directory (docs/design/svs1.md "What each crash leaves").

Run once at the shard's start, before or beside recording: no new segment has a name that stands there, and a file that
a living process still writes is locked by it.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from nvr.base.ids import SegmentId
from storage import disk
from storage.durable import make_directory, remove_file, rename_file
from storage.keyring import KeyRef, KeyringReader
from storage.sealing import SealedSegment, Totals, sealed_segment
from storage.svs1.layout import FOOTER_BYTES, RecordType, SegmentDamaged, SegmentUnreadable
from storage.svs1.scan import Scan, SegmentFile, scan
from storage.vault.keyrecord import KeyRecord
from storage.volume import SUFFIX, Volume, VolumeLost

MOST_DISCARDED_BYTES: Final = 128 << 10
"""Header and init record are one write, and never longer. A longer file held footage: it is never removed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A segment taken up as the crash left it; `torn_bytes` behind its last whole record count for nothing."""

    segment: SealedSegment
    torn_bytes: int


@dataclass(frozen=True, slots=True)
class Discarded:
    """A file without whole header and init record: nothing of it could ever be opened, and it was removed."""

    path: Path
    file_bytes: int
    what: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that could not be taken up: it stays where it is, for a person to look at, and for the next start.

    It is neither a segment nor what a crash leaves, or the disk did not let it be read or settled, or a living process
    writes it. `file_bytes` is 0 when not even that could be read.
    """

    path: Path
    file_bytes: int
    what: str


Found: TypeAlias = Recovered | Discarded | Damaged


def recover(volume: Volume, shard: int, keyring: KeyringReader) -> Iterator[Found]:
    """Take up each file in turn: scan it, rename it, and tell what it is. No record is repaired.

    A file is renamed before it is told: a second crash between the two leaves a sealed file that the ledger does not
    know, which the keeper finds. What the disk refuses of one file costs no other.

    Raises:
        VolumeLost: the directory can not be read.
        KeyringUnreachable: no place of the keyring can be read.
    """
    try:
        paths = sorted(volume.growing_directory(shard).glob(f"*{SUFFIX}"))
    except OSError as error:
        raise VolumeLost(path=str(volume.path), what=str(error)) from error
    key_records = keyring.find_all(filter(None, map(_key_ref, paths))).records
    for path in paths:
        try:
            found = _take_up(volume, path, key_records)
        except (OSError, SegmentUnreadable) as error:
            found = Damaged(path, _size_if_known(path), str(error))
        if found is not None:
            yield found


def _key_ref(path: Path) -> KeyRef | None:
    try:
        with SegmentFile(path) as file:
            header, _, _ = file.header()
    except SegmentDamaged:
        return None
    return KeyRef(header.segment, header.start_utc_us, header.shard)


def _size_if_known(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _take_up(volume: Volume, path: Path, key_records: Mapping[SegmentId, KeyRecord]) -> Found | None:
    fd = disk.open_file(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        size = os.fstat(fd).st_size
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Damaged(path, size, "another process is writing it")
        _settle(fd, size)
        return _judge(volume, path, fd, key_records)
    finally:
        os.close(fd)


def _settle(fd: int, size: int) -> None:
    """Give back what was reserved beyond the end, and let the scan see what the disk has, not what memory has.

    After a failed write-back the kernel may keep pages that it counts as clean: they read well until they are dropped.
    """
    disk.ftruncate(fd, size)
    disk.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _judge(volume: Volume, path: Path, fd: int, key_records: Mapping[SegmentId, KeyRecord]) -> Found | None:
    try:
        found = _scanned(path, fd)
    except SegmentUnreadable:
        raise
    except SegmentDamaged as error:
        return _leave_or_discard(path, os.fstat(fd).st_size, error.what)
    size = found.file_bytes
    if not found.heads:
        return _leave_or_discard(path, size, "no whole init record")
    final = volume.sealed_path(found.header.camera, found.header.start_utc_us, found.header.segment)
    if final.exists():
        if final.samefile(path):  # a rename that the power cut in half: the keeper finds the file under its final name
            remove_file(path)
            return None
        return Damaged(path, size, "a sealed segment has this name already")
    make_directory(final.parent)
    rename_file(path, final)
    return Recovered(_describe(volume, found, key_records.get(found.header.segment)), found.torn_bytes)


def _scanned(path: Path, fd: int) -> Scan:
    """What stands in the file; one that ends as if it were closed, and is not whole, loses that end.

    While it was closed, nothing was durable but what a sync had reached before: the power may have taken what lies
    before the footer and left the footer, and the records before all that are whole.
    """
    try:
        return scan(path)
    except SegmentUnreadable:
        raise
    except SegmentDamaged:
        with SegmentFile(path) as file:
            file.header()  # nothing of a file without one can be opened: it is left as it is
            if file.index() is None:
                raise
        disk.ftruncate(fd, os.fstat(fd).st_size - FOOTER_BYTES)
        disk.fsync(fd)
        return scan(path)


def _leave_or_discard(path: Path, size: int, what: str) -> Discarded | Damaged:
    if size > MOST_DISCARDED_BYTES:
        return Damaged(path, size, what)
    remove_file(path)
    return Discarded(path, size, what)


def describe(volume: Volume, found: Scan, keyring: KeyringReader) -> SealedSegment:
    """What the ledger is told of a segment that nobody told it of when it was closed."""
    header = found.header
    keys = keyring.find_all([KeyRef(header.segment, header.start_utc_us, header.shard)])
    return _describe(volume, found, keys.records.get(header.segment))


def _describe(volume: Volume, found: Scan, key_record: KeyRecord | None) -> SealedSegment:
    header = found.header
    totals = Totals(header.start_utc_us)
    for head in found.heads:
        if head.type is RecordType.GOP:
            totals.add(head.end_utc_us, head.ct_len, head.lost)
    return sealed_segment(
        header,
        totals,
        volume=volume.id,
        records=len(found.heads),
        root=found.root,
        file_bytes=found.file_bytes,
        key_record_sha256=None if key_record is None else key_record.sha256,
        recovered=True,
    )
