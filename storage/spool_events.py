"""The spool as recorder and volumes see it: what they tell becomes events, in the ledger's words."""

from nvr.base.ids import CameraId, SegmentId, uuid7
from nvr.base.jcs import Json
from nvr.base.units import MonoUs, UtcUs
from storage.ledger.machine import Clock, ClockSync, Gap, Move, Seal
from storage.records import GapCause, MoveWhy
from storage.sealing import RecordWritten, SealedSegment, SegmentFailure
from storage.spool import SpoolWriter


class SpoolEvents:
    """Tells the spool; no call waits for the disk. Any thread may call."""

    def __init__(self, spool: SpoolWriter) -> None:
        self._spool = spool

    def gap(
        self,
        *,
        gap: str,
        camera: CameraId,
        from_utc_us: UtcUs,
        to_utc_us: UtcUs | None,
        cause: GapCause,
        detail: str,
    ) -> None:
        """A stretch without pictures, when it opens (no end) and again when it closes."""
        self._spool.tell(
            Gap(
                gap=gap,
                camera=camera,
                from_utc_us=from_utc_us,
                to_utc_us=to_utc_us,
                cause=cause.value,
                detail=detail,
            )
        )

    def move(
        self, *, move: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, why: MoveWhy, moves: int
    ) -> None:
        """A dome moved unordered, when it left its place (no end) and again when it is back."""
        self._spool.tell(
            Move(move=move, camera=camera, from_utc_us=from_utc_us, to_utc_us=to_utc_us, why=why.value, moves=moves)
        )

    def clock(self, *, epoch: int, step_us: int, utc_us: UtcUs, mono_us: MonoUs) -> None:
        """The server's clock stepped, and a new epoch began."""
        self._spool.tell(Clock(epoch=epoch, step_us=step_us, utc_us=utc_us, mono_us=mono_us))

    def heartbeat(self, state: Json, segments: int, sync: ClockSync) -> None:
        """The recorder lives; the keeper keeps `state` as a blob, and the ledger its hash."""
        self._spool.event("heartbeat", {"state": state, "segments": segments, "sync": sync})

    def sealed(self, segment: SealedSegment) -> None:
        """A segment is closed and durable."""
        self._spool.tell(seal_body(segment))

    def record_written(self, record: RecordWritten) -> None:
        """Not for the ledger: what grows is told by heartbeats."""

    def segment_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        """Not for the ledger: the recorder tells the gap that follows from it."""

    def records_lost(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs, why: SegmentFailure) -> None:
        """What was recorded and is in no segment is a gap."""
        self.gap(
            gap=uuid7(from_utc_us),
            camera=camera,
            from_utc_us=from_utc_us,
            to_utc_us=to_utc_us,
            cause=why.gap_cause,
            detail=why.value,
        )


def seal_body(segment: SealedSegment) -> Seal:
    """What the ledger says of a sealed segment."""
    return Seal(
        seg=segment.segment,
        camera=segment.camera,
        run=segment.run,
        volume=segment.volume,
        shard=segment.shard,
        start_utc_us=segment.start_utc_us,
        end_utc_us=segment.end_utc_us,
        clock_epoch=segment.clock_epoch,
        records=segment.records,
        root=segment.root.hex(),
        hh=segment.hh.hex(),
        file_bytes=segment.file_bytes,
        ct_bytes=segment.ct_bytes,
        lost=segment.lost,
        key_record=None if segment.key_record_sha256 is None else segment.key_record_sha256.hex(),
        set=segment.set_hash.hex(),
        point=segment.point,
        placement=segment.placement,
        authorisation=segment.authorisation,
        recovered=segment.recovered,
        continues=segment.continues,
    )
