"""What a recorder tells its spool, and what its heartbeat says of the segments that grow."""

from dataclasses import asdict
from typing import Final

from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from recorder.status import CameraStatus
from storage.sealing import RecordWritten, SealedSegment, SegmentFailure
from storage.spool_events import SpoolEvents

HEARTBEAT_S: Final = 60.0


class GrowingSegments:
    """Passes seals on to the spool, and remembers how far each growing segment has come.

    Volume threads write, the event loop reads.
    """

    def __init__(self, events: SpoolEvents) -> None:
        self._events = events
        self._growing: dict[SegmentId, RecordWritten] = {}
        self._written: dict[CameraId, int] = {}

    def sealed(self, segment: SealedSegment) -> None:
        """The segment is closed and durable."""
        self._growing.pop(segment.segment, None)
        self._events.sealed(segment)

    def record_written(self, record: RecordWritten) -> None:
        """One more record is in a growing segment."""
        self._growing[record.segment] = record
        # By one thread at a time, but for the moment in which a camera leaves a volume that is lost.
        self._written[record.camera] = self._written.get(record.camera, 0) + record.ct_bytes

    def written(self, camera: CameraId) -> int:
        """Bytes of the camera's records that were written since the process began."""
        return self._written.get(camera, 0)

    def segment_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        """The segment takes no more records."""
        self._growing.pop(segment, None)
        self._events.segment_failed(segment, camera, why)

    def records_lost(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs, why: SegmentFailure) -> None:
        """Records were taken, and no sealed segment holds them."""
        self._events.records_lost(camera, from_utc_us, to_utc_us, why)

    def growing(self) -> dict[SegmentId, RecordWritten]:
        """The growing segments as of now, each with its last record."""
        return dict(self._growing)


def state_of(cameras: list[CameraStatus], growing: dict[SegmentId, RecordWritten], *, clock_epoch: int) -> Json:
    """The whole state of a shard, as a heartbeat carries it: the roots so far bind what no seal tells yet."""
    return {
        "v": 1,
        "clock_epoch": clock_epoch,
        "cameras": [{**asdict(status), "state": status.state.value} for status in cameras],
        "growing": [
            {
                "seg": record.segment,
                "camera": record.camera,
                "records": record.count,
                "end_utc_us": record.end_utc_us,
                "root": record.root_so_far.hex(),
            }
            for record in growing.values()
        ],
    }
