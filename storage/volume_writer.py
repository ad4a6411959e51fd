"""The writer of one volume: a thread that seals and appends, and a thread that syncs.

docs/design/svs1.md "Step order".

Network and disk never wait for each other: the recorder hands over through a queue bounded in bytes, and is told when
it is full.
"""

import errno
import os
import threading  # noqa: TID251 -- owns the volume's two threads
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from nvr.base.bounded import BoundedQueue, QueueStatistics
from nvr.base.ids import CameraId, SegmentId
from nvr.base.stop import Stop
from nvr.base.units import UtcUs, us_from_ticks
from storage import disk
from storage.buffers import BufferPool
from storage.growing_segment import RESERVE_BYTES, GrowingSegment
from storage.keyring import KeyringUnreachable, KeyringWriter
from storage.predecessors import Predecessors
from storage.records import GapCause, Record, SegmentStart
from storage.sealing import SealedSegment, SealerIdentity, SealEvents, SegmentFailure
from storage.svs1.header import Header, build
from storage.svs1.writer import Scratch
from storage.vault.seal import SegmentKeys, new_segment_keys, wipe
from storage.volume import Volume, VolumeLost
from storage.volume_lock import lock_directory

SYNC_INTERVAL_S: Final = 3.0
"""With one more round in flight, a power cut takes at most 6 s."""
QUEUE_S: Final = 5
"""DESIGN.md "Sealed storage" asks for 4 s; what cameras send is known a second late, and smoothed."""
MOST_EXPECTED_BYTES: Final = 1 << 30
"""Five seconds of 1.7 Gbit/s: what sends more is a flood, and must not take the machine's memory while a disk hangs."""

_BATCH_ITEMS: Final = 64
_BATCH_BYTES: Final = 8 << 20
_RECORD_OVERHEAD_BYTES: Final = 1024
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_MINIMUM_FREE_BYTES: Final = 2 * RESERVE_BYTES
"""A volume with less room takes no new segment: each attempt would only cost a key record."""


@dataclass(frozen=True, slots=True)
class _Open:
    start: SegmentStart


@dataclass(frozen=True, slots=True)
class _Append:
    segment: SegmentId
    record: Record


@dataclass(frozen=True, slots=True)
class _Close:
    segment: SegmentId


@dataclass(frozen=True, slots=True)
class _Wake:
    """Nothing to do but to look whether the volume is still in service."""


_Command: TypeAlias = _Open | _Append | _Close | _Wake
_Prepared: TypeAlias = tuple[Header, SegmentKeys]


@dataclass(frozen=True, slots=True)
class WriterStatistics:
    """What a volume's writer holds and has done since its start."""

    queue: QueueStatistics
    growing: int
    records: int
    bytes: int
    sealed: int
    failed: int
    syncs: int
    lost: str | None
    """Why the volume left service; None while it is in service."""


class VolumeWriter:
    """Writes the segments of one shard on one volume.

    The recorder calls `open_segment`, `append`, `close_segment` in order for each segment, from one thread, and asks
    `failed` before it appends. Once a record is written its data goes into the pool, to be filled anew. What was handed
    over and no sealed segment holds is told by `records_lost`. Once a sync failed or the volume is no longer itself, it
    is out of service for good: every growing segment fails. Fields without underscore are read by any thread;
    `_growing` belongs to the writer thread. A fault of the program in a thread is raised again by the next call.
    """

    def __init__(  # noqa: PLR0913 -- what a writer works with, by name
        self,
        volume: Volume,
        shard: int,
        *,
        identity: SealerIdentity,
        keyring: KeyringWriter,
        events: SealEvents,
        predecessors: Predecessors | None = None,
        pool: BufferPool | None = None,
        queue_bytes: int = 64 << 20,
        sync_interval_s: float = SYNC_INTERVAL_S,
    ) -> None:
        self.volume = volume
        self.lost: str | None = None
        self.full = False
        self._shard = shard
        self._identity = identity
        self._keyring = keyring
        self._events = events
        self._pool = pool or BufferPool()
        self._predecessors = predecessors or Predecessors()
        self._queue_bytes = queue_bytes
        self._queue: BoundedQueue[_Command] = BoundedQueue(limit_bytes=queue_bytes)
        self._sync_interval_s = sync_interval_s
        self._scratch = Scratch()
        self._growing: dict[SegmentId, GrowingSegment] = {}
        self._failed: dict[SegmentId, tuple[CameraId, SegmentFailure]] = {}
        self._stop_sync = Stop()
        self._sync_fd = -1
        """Of `growing/<shard>`; one for the life of the volume: the kernel tells each a write-back error once."""
        self._drop = False
        self._crash: BaseException | None = None
        self._records = self._bytes = self._sealed = self._failures = self._syncs = 0
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=f"{name}-{volume.id[-6:]}", daemon=True)
            for work, name in ((self._write, "seal"), (self._sync, "sync"))
        ]

    def open_segment(self, start: SegmentStart, first_bytes: int = 0) -> bool:
        """A new segment begins. Whether it could be opened is told by `failed`.

        False when the bounded queue has no room for a first record of so many bytes: nothing begins. Otherwise that
        record is taken when it comes next.
        """
        self._raise_crash()
        if not self._queue.has_room(first_bytes + _RECORD_OVERHEAD_BYTES):
            return False
        self._queue.insist(_Open(start))
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        """Hand a record over, which then belongs to the writer; False when the bounded queue is full."""
        self._raise_crash()
        return self._queue.offer(_Append(segment, record), record.size_bytes + _RECORD_OVERHEAD_BYTES)

    def close_segment(self, segment: SegmentId) -> None:
        """The segment is complete, or has failed; never refused."""
        self._raise_crash()
        self._queue.insist(_Close(segment))

    def failed(self, segment: SegmentId) -> GapCause | None:
        """Why this segment takes no more records; None while it does."""
        self._raise_crash()
        if self.lost is not None:
            return SegmentFailure.VOLUME_LOST.gap_cause
        failure = self._failed.get(segment)
        return None if failure is None else failure[1].gap_cause

    def expect(self, bitrate_bps: int) -> None:
        """All cameras together send so much: as many bytes may wait as come in QUEUE_S, if that is more than is set.

        No more than MOST_EXPECTED_BYTES, unless more is set.
        """
        self._queue.set_limit(max(self._queue_bytes, min(bitrate_bps * QUEUE_S // 8, MOST_EXPECTED_BYTES)))

    @property
    def in_service(self) -> bool:
        """Whether the volume takes new segments."""
        return self.lost is None and not self.full

    def use_identity(self, identity: SealerIdentity) -> None:
        """Segments opened from now on are sealed under this identity: a new custodian set is in force."""
        self._identity = identity

    def start(self) -> None:
        """Lock the shard's directory on the volume, and start the threads.

        Two recorders of one shard would write over each other's key records.

        Raises:
            VolumeLost: the volume is not there, its directory can not be made, or another recorder has it.
        """
        self.volume.check()
        self._look_at_room()
        growing = self.volume.growing_directory(self._shard)
        self._sync_fd = lock_directory(growing, f"recorder of shard {self._shard}")
        for thread in self._threads:
            thread.start()

    def stop(self, *, drain: bool, timeout_s: float = 60.0) -> bool:
        """Close every segment and end the threads; without `drain`, records that still wait are dropped.

        False when the disk did not let go in time: what grows then is taken up by the shard's next start.
        """
        self._drop = self._drop or not drain
        self._queue.close()
        self._threads[0].join(timeout_s)
        self._stop_sync.set()
        self._threads[1].join(timeout_s)
        self._raise_crash()
        return not any(thread.is_alive() for thread in self._threads)

    def statistics(self) -> WriterStatistics:
        """Counters for the state blob and the alarms."""
        return WriterStatistics(
            queue=self._queue.statistics(),
            growing=len(self._growing),
            records=self._records,
            bytes=self._bytes,
            sealed=self._sealed,
            failed=self._failures,
            syncs=self._syncs,
            lost=self.lost,
        )

    def _write(self) -> None:
        while batch := self._take_batch():
            prepared = self._prepare(self._first_opens(batch))
            for command in batch:
                self._fail_all_if_lost()
                self._do(command, prepared)
        self._fail_all_if_lost()
        for growing in list(self._growing.values()):
            self._close(growing)

    def _take_batch(self) -> list[_Command]:
        """What waits, a little of it at once: cameras that begin together share one sync of the keyring."""
        first = self._queue.take()
        batch: list[_Command] = [] if first is None else [first]
        held_bytes = 0
        while batch and len(batch) < _BATCH_ITEMS and held_bytes < _BATCH_BYTES:
            following = self._queue.take(timeout_s=0)
            if following is None:
                break
            batch.append(following)
            held_bytes += following.record.size_bytes if isinstance(following, _Append) else 0
        return batch

    def _first_opens(self, batch: Sequence[_Command]) -> list[SegmentStart]:
        """Openings that wait for no closing: a header names the root of its camera's segment before."""
        busy = {growing.header.camera for growing in self._growing.values()}
        firsts: dict[CameraId, SegmentStart] = {}
        for command in batch:
            if isinstance(command, _Open) and command.start.camera not in busy:
                firsts.setdefault(command.start.camera, command.start)
        return list(firsts.values())

    def _prepare(self, starts: Iterable[SegmentStart]) -> dict[SegmentId, _Prepared]:
        """Headers and keys of new segments, their key records durable in every place; nothing without a keyring."""
        identity = self._identity
        prepared: dict[SegmentId, _Prepared] = {}
        for start in starts:
            header = build(
                start,
                origin=identity.origin,
                boot=identity.boot,
                shard=self._shard,
                set_hash=identity.custodians.hash,
                previous=self._predecessors.before(start.camera, self.volume.id),
                software=identity.software,
            )
            keys = new_segment_keys(
                identity.custodians,
                hh=header.hh,
                segment=start.segment,
                camera=start.camera,
                start_utc_us=start.start_utc_us,
            )
            prepared[start.segment] = (header, keys)
        try:
            if prepared:
                self._keyring.put(*(keys.record for _, keys in prepared.values()))
        except KeyringUnreachable:
            return {}
        return prepared

    def _do(self, command: _Command, prepared: dict[SegmentId, _Prepared]) -> None:
        match command:
            case _Open(start):
                self._open(start, prepared.pop(start.segment, None))
            case _Append(segment, record):
                growing = self._growing.get(segment)
                if growing is None:
                    self._tell_lost(segment, record)
                elif not self._drop:
                    self._append(growing, record)
            case _Close(segment):
                growing = self._growing.get(segment)
                if growing is not None:
                    self._close(growing)
                self._failed.pop(segment, None)

    def _open(self, start: SegmentStart, prepared: _Prepared | None) -> None:
        if self.lost is not None:
            if prepared is not None:
                wipe(prepared[1].dek)
            self._tell_failed(start.segment, start.camera, SegmentFailure.VOLUME_LOST)
            return
        prepared = prepared or self._prepare([start]).get(start.segment)
        if prepared is None:
            self._tell_failed(start.segment, start.camera, SegmentFailure.NO_KEY)
            return
        header, keys = prepared
        growing = GrowingSegment(self.volume, header, keys, start.codec, self._scratch)
        try:
            growing.open()
        except OSError as error:
            self._tell_failed(start.segment, start.camera, _why(error))
            return
        self._growing[start.segment] = growing
        self._predecessors.opened(start.camera, self.volume.id)

    def _append(self, growing: GrowingSegment, record: Record) -> None:
        try:
            written = growing.append(record)
            growing.forget_durable(self._syncs)
        except OSError as error:
            self._close_short(growing, _why(error))
            self._tell_lost(growing.header.segment, record)
            return
        self._records += 1
        self._bytes += written.ct_bytes
        self._pool.give(record.data)
        self._events.record_written(written)

    def _close(self, growing: GrowingSegment) -> None:
        del self._growing[growing.header.segment]
        try:
            sealed = growing.close()
        except OSError as error:
            self._lose_unless_full(error)
            self._tell_unsealed(growing, SegmentFailure.CLOSE)
            return
        self._tell_sealed(sealed)

    def _close_short(self, growing: GrowingSegment, why: SegmentFailure) -> None:
        del self._growing[growing.header.segment]
        self.full = self.full or why is SegmentFailure.FULL
        try:
            self._tell_sealed(growing.close_short())
        except OSError as error:
            self._lose_unless_full(error)
            self._tell_unsealed(growing, why)
        else:
            self._tell_failed(growing.header.segment, growing.header.camera, why)

    def _tell_sealed(self, sealed: SealedSegment) -> None:
        self._sealed += 1
        self._predecessors.closed(sealed.camera, self.volume.id, sealed.root)
        self._events.sealed(sealed)

    def _tell_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        self._failures += 1
        self._failed[segment] = (camera, why)
        self._events.segment_failed(segment, camera, why)

    def _tell_unsealed(self, growing: GrowingSegment, why: SegmentFailure) -> None:
        """A segment that could not be closed: its records count as lost until some start finds them again."""
        header = growing.header
        if growing.end_utc_us > header.start_utc_us:
            self._events.records_lost(header.camera, header.start_utc_us, growing.end_utc_us, why)
        self._tell_failed(header.segment, header.camera, why)

    def _tell_lost(self, segment: SegmentId, record: Record) -> None:
        """A record that was taken for a segment which has failed since."""
        if segment in self._failed:
            camera, why = self._failed[segment]
            end = UtcUs(record.start_utc_us + us_from_ticks(record.dur_90k))
            self._events.records_lost(camera, record.start_utc_us, end, why)

    def _fail_all_if_lost(self) -> None:
        if self.lost is None:
            return
        for growing in list(self._growing.values()):
            del self._growing[growing.header.segment]
            growing.abandon()
            self._tell_unsealed(growing, SegmentFailure.VOLUME_LOST)

    def _sync(self) -> None:
        try:
            while not self._stop_sync.wait_in_thread(self._sync_interval_s) and self.lost is None:
                try:
                    disk.syncfs(self._sync_fd)
                    self.volume.check()
                    self._look_at_room()
                    self._syncs += 1
                except (OSError, VolumeLost) as error:
                    self._lose(f"sync: {error}")
        finally:
            os.close(self._sync_fd)

    def _look_at_room(self) -> None:
        self.full = self.volume.space().free_bytes < _MINIMUM_FREE_BYTES

    def _lose(self, reason: str) -> None:
        """Take the volume out of service. Never undone: what was written since the last good sync is unknown."""
        self.lost = self.lost or reason
        with suppress(ValueError):  # closed: the writer thread is about to look by itself
            self._queue.insist(_Wake())

    def _lose_unless_full(self, error: OSError) -> None:
        if error.errno not in _NO_ROOM:
            self._lose(f"close: {error}")

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._crash = error
            raise

    def _raise_crash(self) -> None:
        if self._crash is not None:
            raise self._crash


def _why(error: OSError) -> SegmentFailure:
    return SegmentFailure.FULL if error.errno in _NO_ROOM else SegmentFailure.WRITE
