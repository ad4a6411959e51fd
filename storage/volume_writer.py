"""The writer of one volume: a queue, a thread that seals and appends what comes through it, and one that syncs.

docs/design/svs1.md "Step order".

Network and disk never wait for each other: the recorder hands over through a queue bounded in bytes, and is told when
it is full.
"""

import threading  # noqa: TID251 -- owns the volume's two threads
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from nvr.base.bounded import BoundedQueue, QueueStatistics
from nvr.base.clock import Clock, SystemClock
from nvr.base.ids import SegmentId
from storage.buffers import BufferPool
from storage.growing_segments import GrowingSegments
from storage.keyring import KeyringWriter
from storage.openings import Openings, Prepared
from storage.predecessors import Predecessors
from storage.records import GapCause, Record, SegmentStart
from storage.reserve import RESERVE_BYTES
from storage.sealing import SealerIdentity, SealEvents, SegmentFailure
from storage.volume import Space, Volume
from storage.volume_health import Standing, VolumeHealth
from storage.volume_service import VolumeService
from storage.volume_sync import VolumeSync

SYNC_INTERVAL_S: Final = 3.0
"""With one more round in flight, a power cut takes at most 6 s."""
QUEUE_S: Final = 5
"""DESIGN.md "Sealed storage" asks for 4 s; what cameras send is known a second late, and smoothed."""
MOST_EXPECTED_BYTES: Final = 1 << 30
"""Five seconds of 1.7 Gbit/s: what sends more is a flood, and must not take the machine's memory while a disk hangs."""

_BATCH_ITEMS: Final = 64
_BATCH_BYTES: Final = 8 << 20
_RECORD_OVERHEAD_BYTES: Final = 1024


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
    """Look whether the volume is still in service, and whether there is room for the reserve."""


_Command: TypeAlias = _Open | _Append | _Close | _Wake


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
    lost: Standing | None
    """Why the volume left service; None while it is in service."""


class VolumeWriter:
    """Writes the segments of one shard on one volume.

    The recorder calls `open_segment`, `append`, `close_segment` in order for each segment, from one thread, and asks
    `failed` before it appends. Once a record is written its data goes into the pool, to be filled anew. What was handed
    over and no sealed segment holds is told by `records_lost`. A volume that left service does not come back to this
    writer. A fault of the program in a thread is raised again by the next call.
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
        reserve_bytes: int = RESERVE_BYTES,
        sync_interval_s: float = SYNC_INTERVAL_S,
        clock: Clock | None = None,
    ) -> None:
        self.volume = volume
        self.health = VolumeHealth(clock or SystemClock())
        self._shard = shard
        self._queue_bytes = queue_bytes
        self._queue: BoundedQueue[_Command] = BoundedQueue(limit_bytes=queue_bytes)
        self._service = VolumeService(volume, shard, self.health, reserve_bytes, self._wake)
        self._sync = VolumeSync(self._service, interval_s=sync_interval_s)
        predecessors = predecessors or Predecessors()
        self._openings = Openings(volume.id, shard, identity, keyring, predecessors)
        self._segments = GrowingSegments(self._service, self._openings, predecessors, pool or BufferPool(), events)
        self._drop = False
        self._crash: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=f"{name}-{volume.id[-6:]}", daemon=True)
            for work, name in ((self._write, "seal"), (self._sync.run, "sync"))
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
        """The segment is complete, or has failed; never refused. `stop` has closed it already."""
        self._raise_crash()
        with suppress(ValueError):
            self._queue.insist(_Close(segment))

    def failed(self, segment: SegmentId) -> GapCause | None:
        """Why this segment takes no more records; None while it does.

        Once the volume is out of room that is so of all: what was handed over is sealed, what comes belongs elsewhere.
        """
        self._raise_crash()
        if self._service.lost is not None:
            return SegmentFailure.VOLUME_LOST.gap_cause
        if self._service.out_of_room:
            return SegmentFailure.FULL.gap_cause
        failure = self._segments.failed.get(segment)
        return None if failure is None else failure[1].gap_cause

    def expect(self, bitrate_bps: int) -> None:
        """All cameras together send so much: as many bytes may wait as come in QUEUE_S, if that is more than is set.

        No more than MOST_EXPECTED_BYTES, unless more is set.
        """
        self._queue.set_limit(max(self._queue_bytes, min(bitrate_bps * QUEUE_S // 8, MOST_EXPECTED_BYTES)))

    @property
    def lost(self) -> Standing | None:
        """Why the volume left service; None while it has not."""
        return self._service.lost

    @property
    def standing(self) -> Standing:
        """How the volume stands in this recorder, and why."""
        return self._service.standing

    @property
    def full(self) -> bool:
        """Whether there is no room for new segments."""
        return self._service.full

    @property
    def in_service(self) -> bool:
        """Whether the volume takes new segments."""
        return self.lost is None and not self.full

    @property
    def space(self) -> Space:
        """Room on the disk as of the last sync round."""
        return self._service.space

    def use_identity(self, identity: SealerIdentity) -> None:
        """Segments opened from now on are sealed under this identity: a new custodian set is in force."""
        self._openings.identity = identity

    def start(self) -> None:
        """Lock the shard's directory on the volume, and start the threads.

        Raises:
            VolumeLost: the volume is not there, its directory can not be made, or another recorder has it.
        """
        self._sync.begin(self._shard)
        for thread in self._threads:
            thread.start()

    def stop(self, *, drain: bool, timeout_s: float = 60.0) -> bool:
        """Close every segment and end the threads; without `drain`, records that still wait are dropped.

        False when the disk did not let go in time: what grows then is taken up by the shard's next start.
        """
        self._drop = self._drop or not drain
        self._queue.close()
        self._threads[0].join(timeout_s)
        self._sync.stop.set()
        self._threads[1].join(timeout_s)
        self._raise_crash()
        return not any(thread.is_alive() for thread in self._threads)

    def statistics(self) -> WriterStatistics:
        """Counters for the state blob and the alarms."""
        segments = self._segments
        return WriterStatistics(
            queue=self._queue.statistics(),
            growing=len(segments),
            records=segments.records,
            bytes=segments.bytes,
            sealed=segments.sealed,
            failed=segments.failures,
            syncs=self._sync.syncs,
            lost=self.lost,
        )

    def _write(self) -> None:
        while batch := self._take_batch():
            prepared = self._segments.prepare(one.start for one in batch if isinstance(one, _Open))
            for command in batch:
                self._segments.fail_all_if_lost()
                self._do(command, prepared)
        self._segments.fail_all_if_lost()
        self._segments.close_all()

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

    def _do(self, command: _Command, prepared: dict[SegmentId, Prepared]) -> None:
        match command:
            case _Open(start):
                self._segments.open(start, prepared.pop(start.segment, None))
            case _Append(segment, record):
                if not self._drop or segment in self._segments.failed:
                    self._segments.append(segment, record, syncs=self._sync.syncs)
            case _Close(segment):
                self._segments.close(segment)
            case _Wake():
                self._service.renew_reserve()

    def _wake(self) -> None:
        with suppress(ValueError):  # closed: the writer thread is about to look by itself
            self._queue.insist(_Wake())

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._crash = error
            raise

    def _raise_crash(self) -> None:
        if self._crash is not None:
            raise self._crash
