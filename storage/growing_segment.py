"""One segment that grows: its file, its keys while they are needed, and the step order of its closing.

docs/design/svs1.md "Step order". Every method may raise OSError; what that leaves is said with each.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from nvr.base.units import UtcUs
from storage import disk
from storage.durable import make_directory, remove_file, rename_file, write_all
from storage.records import CodecConfig, Record
from storage.sealing import RecordWritten, SealedSegment, Totals, sealed_segment
from storage.svs1.header import Header
from storage.svs1.writer import Parts, Scratch, SegmentWriter
from storage.vault.seal import SegmentKeys, wipe
from storage.volume_service import VolumeService

AHEAD_BYTES: Final = 32 << 20
"""Blocks are reserved so far ahead: 113 files that grow together would lie in each other's pieces."""


class GrowingSegment:
    """Made with keys whose record is durable already; owned by the volume's writer thread.

    Ends with exactly one of `close`, `close_short`, `abandon`; each forgets the data key, whatever happens.
    """

    def __init__(
        self, service: VolumeService, header: Header, keys: SegmentKeys, codec: CodecConfig, scratch: Scratch
    ) -> None:
        self.header = header
        self._volume = service.volume
        self._reserve = service.reserve
        self._health = service.health
        self._dek = keys.dek
        self._key_record_sha256 = keys.record.sha256
        self._writer = SegmentWriter(header, keys.dek, codec, scratch)
        self._totals = Totals(header.start_utc_us)
        self._ahead = 0
        self._durable = 0
        self._awaited = (0, 0)
        self._fd = -1

    @property
    def path(self) -> Path:
        """Where it grows."""
        return self._volume.growing_path(self.header.shard, self.header.segment)

    @property
    def end_utc_us(self) -> UtcUs:
        """Where the last record ends that is in the file; the segment's start while there is none."""
        return self._totals.end_utc_us

    def root(self) -> bytes:
        """The root over the records that are in the file."""
        return self._writer.root()

    def open(self) -> None:
        """Create the file with header and init record. After an error there is no file, and no data key."""
        try:
            self._fd = self._reserve.with_room(lambda: disk.open_file(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # for life: a recovery leaves it alone
            header, init = self._writer.opening()
            self._allocate_ahead(len(header) + init.size)
            self._write([header, *init.parts], 0)
            self._writer.written(init)
        except OSError:
            created = self._fd >= 0
            self.abandon()
            if created:
                remove_file(self.path)
            raise

    def append(self, record: Record) -> RecordWritten:
        """Seal and write one record, what was observed meanwhile as a side record before it.

        After an error a part of it may be in the file: go on with `close_short`.
        """
        sealed = self._writer.seal(record)
        self._allocate_ahead(sealed.all_bytes)
        self._write(sealed.all_parts, self._writer.offset)
        self._writer.written(sealed)
        head = sealed.head
        self._totals.add(head.end_utc_us, head.ct_len, head.lost)
        return RecordWritten(
            segment=self.header.segment,
            camera=self.header.camera,
            start_utc_us=head.start_utc_us,
            end_utc_us=head.end_utc_us,
            count=self._writer.count,
            root_so_far=self._writer.root(),
            ct_bytes=head.ct_len,
            lost=head.lost,
        )

    def forget_durable(self, syncs: int) -> None:
        """Let the kernel take back the memory of what is on the disk; `syncs` of the volume are complete by now.

        Nobody reads footage while it grows, and it would drive everything else out of the page cache. A sync that had
        begun before the write says nothing of it.
        """
        before, end = self._awaited
        if syncs < before + 2:
            return
        if end > self._durable:
            self._forget(self._durable, end - self._durable)
        self._durable, self._awaited = end, (syncs, self._writer.offset)

    def close(self) -> SealedSegment:
        """Index and footer (left out when they find no room), and the durable steps to the final name.

        After an error the file stands under either name, whole up to its last record; nothing may claim that it is
        sealed: the shard's next start or the keeper finds it.
        """
        try:
            size = self._writer.offset + self._write_index()
            disk.ftruncate(self._fd, size)  # frees what was reserved beyond
            disk.fdatasync(self._fd)
            self._forget(0, 0)
        finally:
            self.abandon()
        final = self._volume.sealed_path(self.header.camera, self.header.start_utc_us, self.header.segment)
        self._reserve.with_room(lambda: make_directory(final.parent))
        self._reserve.with_room(lambda: rename_file(self.path, final))
        return sealed_segment(
            self.header,
            self._totals,
            volume=self._volume.id,
            records=self._writer.count,
            root=self._writer.root(),
            file_bytes=size,
            key_record_sha256=self._key_record_sha256,
            recovered=False,
        )

    def close_short(self) -> SealedSegment:
        """Close after a failed `append`: cut back to the last whole record, then as `close`."""
        try:
            disk.ftruncate(self._fd, self._writer.offset)
        except OSError:
            self.abandon()
            raise
        return self.close()

    def abandon(self) -> None:
        """Let go of file and key; what stands in the file stays for the shard's next start."""
        wipe(self._dek)
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _forget(self, at: int, size: int) -> None:
        """Size 0 means up to the end."""
        with suppress(OSError):  # an advice: where it is refused, what is written is written all the same
            os.posix_fadvise(self._fd, at, size, os.POSIX_FADV_DONTNEED)

    def _write_index(self) -> int:
        """Bytes of the index that are in the file: all, or none when there was no room for it."""
        try:
            return self._write(self._writer.closing(), self._writer.offset)
        except OSError:
            disk.ftruncate(self._fd, self._writer.offset)
            return 0

    def _write(self, parts: Parts, offset: int) -> int:
        """Write all of the parts there; their number of bytes. Where there is no room, the reserve gives some, once."""

        def attempt() -> int:
            os.lseek(self._fd, offset, os.SEEK_SET)
            with self._health.timed(self._health.writes):
                return write_all(self._fd, parts)

        return self._reserve.with_room(attempt)

    def _allocate_ahead(self, size: int) -> None:
        needed = self._writer.offset + size
        if self._ahead < 0 or needed <= self._ahead:
            return
        try:
            disk.fallocate(self._fd, self._writer.offset, size + AHEAD_BYTES)
            self._ahead = needed + AHEAD_BYTES
        except OSError:
            self._ahead = -1  # no room, or not this file system: the write itself will tell
