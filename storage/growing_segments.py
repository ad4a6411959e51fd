"""All segments that grow on one volume: each is opened, written, closed, and what becomes of it is told."""

from collections.abc import Iterable

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs, us_from_ticks
from storage.buffers import BufferPool
from storage.growing_segment import GrowingSegment
from storage.openings import Openings, Prepared
from storage.predecessors import Predecessors
from storage.records import Record, SegmentStart
from storage.sealing import SealedSegment, SealEvents, SegmentFailure
from storage.svs1.writer import Scratch
from storage.vault.seal import wipe
from storage.volume_service import VolumeService


class GrowingSegments:
    """The volume's writer thread owns it; `failed` is read by any thread.

    When there is no room, what was handed over already is written into the room that the reserve gave, and each segment
    is sealed whole when it is closed. After a failed write the other segments are closed where the disk still does
    that; after a failed sync or close none is.
    """

    def __init__(
        self,
        service: VolumeService,
        openings: Openings,
        predecessors: Predecessors,
        pool: BufferPool,
        events: SealEvents,
    ) -> None:
        self.failed: dict[SegmentId, tuple[CameraId, SegmentFailure]] = {}
        """Segments that take no more records, and are not closed yet by who hands them over."""
        self.records = self.bytes = self.sealed = self.failures = 0
        """What was done since the beginning; `bytes` of ciphertext."""
        self._service = service
        self._volume = service.volume.id
        self._openings = openings
        self._predecessors = predecessors
        self._pool = pool
        self._events = events
        self._scratch = Scratch()
        self._growing: dict[SegmentId, GrowingSegment] = {}

    def __len__(self) -> int:
        """How many grow."""
        return len(self._growing)

    def prepare(self, starts: Iterable[SegmentStart]) -> dict[SegmentId, Prepared]:
        """Keys of those openings that wait for no closing: a header names the root of its camera's segment before."""
        busy = {growing.header.camera for growing in self._growing.values()}
        firsts: dict[CameraId, SegmentStart] = {}
        for start in starts:
            if start.camera not in busy:
                firsts.setdefault(start.camera, start)
        return self._openings.prepare(firsts.values())

    def open(self, start: SegmentStart, prepared: Prepared | None) -> None:
        """Begin a segment; its keys are made now where they are not prepared."""
        if self._service.lost is not None:
            if prepared is not None:
                wipe(prepared[1].dek)
            self._tell_failed(start.segment, start.camera, SegmentFailure.VOLUME_LOST)
            return
        prepared = prepared or self._openings.prepare([start]).get(start.segment)
        if prepared is None:
            self._tell_failed(start.segment, start.camera, SegmentFailure.NO_KEY)
            return
        header, keys = prepared
        growing = GrowingSegment(self._service, header, keys, start.codec, self._scratch)
        try:
            growing.open()
        except OSError as error:
            self._tell_failed(start.segment, start.camera, self._service.failed_write(error))
            return
        self._growing[start.segment] = growing
        self._predecessors.opened(start.camera, self._volume)

    def append(self, segment: SegmentId, record: Record, *, syncs: int) -> None:
        """Write a record, or tell it as lost; so many syncs of the volume are complete."""
        growing = self._growing.get(segment)
        if growing is None:
            self._tell_lost(segment, record)
        elif self._service.out_of_room and not self._service.reserve.spend(record.size_bytes):
            self._close_short(growing, SegmentFailure.FULL)
            self._tell_lost(segment, record)
        else:
            self._append(growing, record, syncs)

    def close(self, segment: SegmentId) -> None:
        """Seal a segment, unless it failed; nothing more is handed over for it."""
        growing = self._growing.get(segment)
        if growing is not None:
            self._close(growing)
        self.failed.pop(segment, None)

    def close_all(self) -> None:
        """Seal whatever grows."""
        for growing in list(self._growing.values()):
            self._close(growing)

    def fail_all_if_lost(self) -> None:
        """Once the volume is lost nothing grows there; what can still be sealed is."""
        if self._service.lost is None:
            return
        for growing in list(self._growing.values()):
            if self._service.suspect:
                del self._growing[growing.header.segment]
                growing.abandon()
                self._tell_unsealed(growing, SegmentFailure.VOLUME_LOST)
            else:
                self._close_short(growing, SegmentFailure.VOLUME_LOST)

    def _append(self, growing: GrowingSegment, record: Record, syncs: int) -> None:
        try:
            written = growing.append(record)
            growing.forget_durable(syncs)
        except OSError as error:
            self._close_short(growing, self._service.failed_write(error))
            self._tell_lost(growing.header.segment, record)
            return
        self.records += 1
        self.bytes += written.ct_bytes
        self._pool.give(record.data)
        self._events.record_written(written)

    def _close(self, growing: GrowingSegment) -> None:
        del self._growing[growing.header.segment]
        try:
            sealed = growing.close()
        except OSError as error:
            self._service.failed_close(error)
            self._tell_unsealed(growing, SegmentFailure.CLOSE)
            return
        self._tell_sealed(sealed)

    def _close_short(self, growing: GrowingSegment, why: SegmentFailure) -> None:
        del self._growing[growing.header.segment]
        try:
            self._tell_sealed(growing.close_short())
        except OSError as error:
            self._service.failed_close(error)
            self._tell_unsealed(growing, why)
        else:
            self._tell_failed(growing.header.segment, growing.header.camera, why)

    def _tell_sealed(self, sealed: SealedSegment) -> None:
        self.sealed += 1
        self._predecessors.closed(sealed.camera, self._volume, sealed.root)
        self._events.sealed(sealed)

    def _tell_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        self.failures += 1
        self.failed[segment] = (camera, why)
        self._events.segment_failed(segment, camera, why)

    def _tell_unsealed(self, growing: GrowingSegment, why: SegmentFailure) -> None:
        """A segment that could not be closed: its records count as lost until some start finds them again."""
        header = growing.header
        if growing.end_utc_us > header.start_utc_us:
            self._events.records_lost(header.camera, header.start_utc_us, growing.end_utc_us, why)
        self._tell_failed(header.segment, header.camera, why)

    def _tell_lost(self, segment: SegmentId, record: Record) -> None:
        """A record that was taken for a segment which has failed since."""
        if segment in self.failed:
            camera, why = self.failed[segment]
            end = UtcUs(record.start_utc_us + us_from_ticks(record.dur_90k))
            self._events.records_lost(camera, record.start_utc_us, end, why)
