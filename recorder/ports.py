"""What the recorder needs of others, declared by the one who needs it."""

from typing import Protocol

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import MonoUs, UtcUs
from storage.records import GapCause, MoveWhy, Record, SegmentStart


class SegmentSink(Protocol):
    """Where segments go: a volume's writer behind a bounded queue. No call waits.

    For one segment: `open_segment`, any number of `append`, `close_segment`, which comes at once when `failed` names a
    cause. What was appended and is not sealed after all, the volume's side tells as a gap by itself.
    """

    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        """Begin a segment whose first record, of so many bytes, comes next, and is then taken.

        False: the bounded queue is full, and nothing began.
        """
        ...

    def append(self, segment: SegmentId, record: Record) -> bool:
        """Hand over a record. False: the bounded queue is full, and nothing was taken."""
        ...

    def close_segment(self, segment: SegmentId) -> None:
        """Seal the segment once its records are written; never refused."""
        ...

    def failed(self, segment: SegmentId) -> GapCause | None:
        """Why the volume gave the segment up; None while it takes records."""
        ...


class EventSink(Protocol):
    """The shard's spool."""

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
        """A gap, told when it opens (no end) and again under the same UUIDv7 when it closes; the last word counts."""
        ...

    def move(
        self, *, move: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, why: MoveWhy, moves: int
    ) -> None:
        """A dome moved unordered: told when it left its place (no end) and again under the same UUIDv7 when it is back.

        `moves` is 1, or for how many this stands.
        """
        ...

    def clock(self, *, epoch: int, step_us: int, utc_us: UtcUs, mono_us: MonoUs) -> None:
        """The server's clock stepped by `step_us`; at `mono_us` it showed `utc_us`, and `epoch` had begun."""
        ...
