"""The segments of one camera: where one ends and the next begins, and which seconds have no pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nvr.base.ids import RunId, SegmentId, uuid7
from nvr.base.units import US_PER_SECOND, UtcUs, us_from_ticks
from recorder.gaps import GapLog
from recorder.ports import SegmentSink
from recorder.ptz.observation import Pending
from storage.records import CodecConfig, GapCause, RandomAccess, Record, SegmentStart
from storage.snapshot import CameraEntry

MAX_OVERLAP_US: Final = US_PER_SECOND
"""A smaller overlap with the record before is an error of the estimate; a larger one the camera had buffered."""


@dataclass(slots=True)
class Totals:
    """What a camera gave since its worker began: accepted by storage, but for `lost` and `dropped`."""

    records: int = 0
    frames: int = 0
    payload_bytes: int = 0
    lost: int = 0
    """RTP packets that did not come."""
    dropped: int = 0
    """Records that storage could not take, and those that could not be decoded without them."""


@dataclass(slots=True)
class _Segment:
    start: SegmentStart
    limit_us: int
    records: int = 0


class Recording:
    """Hands records to storage as segments, and tells the gaps between them.

    It outlives the runs of its camera. The event loop owns it. Records come in the order of their media time; after a
    record that storage did not take, those that need it are dropped up to the next random access point. `look` is
    shown each record first, while it is still here to be read.
    """

    def __init__(
        self,
        entry: CameraEntry,
        sink: SegmentSink,
        gaps: GapLog,
        *,
        segment_us: int,
        first_segment_us: int,
        look: Callable[[Record, CodecConfig], None] | None = None,
    ) -> None:
        self.gaps = gaps
        self.observations = Pending()
        """What was observed and waits for its pictures."""
        self.totals = Totals()
        self.covered_utc_us: UtcUs | None = None
        """Where the last record that storage took ends."""
        self._entry = entry
        self._sink = sink
        self._look = look
        self._segment_us = segment_us
        self._next_limit_us = first_segment_us
        self._segment: _Segment | None = None
        self._last_epoch: int | None = None
        self._last_us = 0
        self._last_segment: SegmentId | None = None
        self._group_us = 0
        self._awaits_random_access = True

    @property
    def codec(self) -> CodecConfig | None:
        """How the segment that grows is coded."""
        return self._segment.start.codec if self._segment is not None else None

    def overlap_us(self, start_utc_us: UtcUs, epoch: int) -> int:
        """By how much a record that begins then would lie over the last one; 0 or less when it does not."""
        if self.covered_utc_us is None or self._last_epoch != epoch:
            return 0
        return self.covered_utc_us - start_utc_us

    def append(self, record: Record, *, run: RunId, codec: CodecConfig) -> None:
        """Hand over the next record."""
        self.totals.lost += record.lost
        if self._look is not None:
            self._look(record, codec)
        if cause := self._left_segment():
            self.interrupt(cause, record.start_utc_us, "")
        if self._awaits_random_access and record.random_access is RandomAccess.NONE:
            self.totals.dropped += 1
            return
        if self._segment is not None and self._is_over(self._segment, record, run, codec):
            self.rotate()
        record.observations = self.observations.take(
            record.start_utc_us, UtcUs(record.start_utc_us + us_from_ticks(record.dur_90k))
        )
        segment = self._segment or self._open(record, run, codec)
        if segment is None:
            self._fall_behind(record)
        elif cause := self._left_segment():
            self.interrupt(cause, record.start_utc_us, "")
            self.totals.dropped += 1
            self.observations.refused()
        elif self._sink.append(segment.start.segment, record):
            segment.records += 1
            self._accepted(record, segment)
        else:
            self._fall_behind(record)

    def rotate(self) -> SegmentId | None:
        """Close the segment that grows; its id, or None when there is none, or its volume gave it up."""
        segment = self._segment
        if segment is None:
            return None
        if cause := self._left_segment():
            if not self.gaps.is_open:
                self.interrupt(cause, segment.start.start_utc_us, "")
            return None
        self._segment = None
        self._sink.close_segment(segment.start.segment)
        return segment.start.segment

    def interrupt(self, cause: GapCause, now_utc_us: UtcUs, detail: str) -> None:
        """There are no pictures from the end of the last record on; from now on when none are missing already."""
        if self.covered_utc_us is None or self.gaps.is_open:
            self.gaps.open(cause, now_utc_us, detail)
        else:
            self.gaps.open(cause, self.covered_utc_us, detail)

    def end(self, cause: GapCause, now_utc_us: UtcUs, detail: str) -> None:
        """Close the segment for good; what follows is missing for this cause."""
        self.rotate()
        self.interrupt(cause, now_utc_us, detail)

    def require_random_access(self) -> None:
        """A session ended: what the next one brings can not be decoded with what the last one left."""
        self._awaits_random_access = True

    def _left_segment(self) -> GapCause | None:
        """Close the segment that grows if its volume gave it up, and say why; None when it goes on."""
        segment = self._segment
        cause = None if segment is None else self._sink.failed(segment.start.segment)
        if segment is None or cause is None:
            return None
        self._sink.close_segment(segment.start.segment)
        self._segment = None
        self._awaits_random_access = True
        return cause

    def _is_over(self, segment: _Segment, record: Record, run: RunId, codec: CodecConfig) -> bool:
        """Whether the record belongs to a new segment.

        The limit is kept, not passed: at a random access point the group to come is taken to be as long as the last.
        """
        start = segment.start
        if (start.run, start.clock_epoch, start.codec) != (run, record.clock_epoch, codec):
            return True
        if not segment.records:
            return False
        ahead_us = self._group_us if record.random_access is not RandomAccess.NONE else self._last_us
        return record.start_utc_us - start.start_utc_us + ahead_us > segment.limit_us

    def _open(self, record: Record, run: RunId, codec: CodecConfig) -> _Segment | None:
        """The segment that begins with this record; None when storage has no room for it now."""
        start = SegmentStart(
            segment=SegmentId(uuid7(record.start_utc_us)),
            camera=self._entry.camera,
            run=run,
            start_utc_us=record.start_utc_us,
            clock_epoch=record.clock_epoch,
            codec=codec,
            point=self._entry.point,
            placement=self._entry.placement,
            authorisation=self._entry.authorisation,
            continues=self._last_segment if record.random_access is RandomAccess.NONE else None,
        )
        if not self._sink.open_segment(start, record.size_bytes):
            return None
        self._segment = _Segment(start=start, limit_us=self._next_limit_us)
        self._next_limit_us = self._segment_us
        return self._segment

    def _accepted(self, record: Record, segment: _Segment) -> None:
        self._tell_gaps(record)
        self._awaits_random_access = False
        if record.random_access is not RandomAccess.NONE:
            self._group_us = 0
        self._last_segment, self._last_epoch = segment.start.segment, record.clock_epoch
        self._last_us = us_from_ticks(record.dur_90k)
        self._group_us += self._last_us
        self.covered_utc_us = UtcUs(record.start_utc_us + self._last_us)
        self.totals.records += 1
        self.totals.frames += len(record.sizes)
        self.totals.payload_bytes += sum(record.sizes)  # its data belongs to storage by now

    def _tell_gaps(self, record: Record) -> None:
        """End the gap that was open; a new clock epoch is a gap of its own, as long as UTC leapt forward."""
        was_open = self.gaps.is_open
        self.gaps.close(record.start_utc_us)
        if self._last_epoch not in (None, record.clock_epoch):
            start = record.start_utc_us
            end = start if was_open or self.covered_utc_us is None else self.covered_utc_us
            self.gaps.note(GapCause.CLOCK, min(end, start), start, f"epoch {record.clock_epoch}")

    def _fall_behind(self, record: Record) -> None:
        """Go on with the first random access point that storage takes again.

        The segment stays open: to close it and begin another costs the disk what it lacks, for each camera at once.
        """
        self.totals.dropped += 1
        self.observations.refused()
        self._awaits_random_access = True
        self.gaps.open(GapCause.FELL_BEHIND, record.start_utc_us, "")
