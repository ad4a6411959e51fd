"""Which volume takes a camera's segments: one sink over the writers of all volumes of a shard."""

from collections import Counter
from collections.abc import Iterable, Sequence

from nvr.base.ids import CameraId, PointId, SegmentId
from storage.records import GapCause, Record, SegmentStart
from storage.snapshot import CameraEntry
from storage.volume_writer import VolumeWriter


class VolumeRouter:
    """Spreads cameras over volumes; cameras of one point lie on different ones, and leave a volume that is lost.

    A camera keeps its volume while that is in service: not lost, and not full. The event loop owns it.
    """

    def __init__(self, writers: Sequence[VolumeWriter]) -> None:
        self._writers = tuple(writers)
        self._homes: dict[CameraId, VolumeWriter] = {}
        self._points: dict[CameraId, PointId | None] = {}
        self._at: dict[SegmentId, VolumeWriter | GapCause] = {}

    @property
    def in_service(self) -> list[VolumeWriter]:
        """The writers whose volume still takes segments."""
        return [writer for writer in self._writers if writer.in_service]

    def cameras(self, entries: Iterable[CameraEntry]) -> None:
        """These are the shard's cameras from now on."""
        self._points = {entry.camera: entry.point for entry in entries}
        self._homes = {camera: home for camera, home in self._homes.items() if camera in self._points}

    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        """Begin a segment on the camera's volume; without any volume in service, it has failed at once.

        False when the volume's queue is full: nothing began.
        """
        writer = self._home(start.camera)
        if writer is None:
            full = any(each.full for each in self._writers if each.lost is None)
            self._at[start.segment] = GapCause.FULL if full else GapCause.DISK_LOST
            return True
        if not writer.open_segment(start, first_bytes):
            return False
        self._at[start.segment] = writer
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        """Hand over a record; False when the volume's queue is full."""
        writer = self._at[segment]
        return not isinstance(writer, GapCause) and writer.append(segment, record)

    def close_segment(self, segment: SegmentId) -> None:
        """Seal the segment once its records are written; after this it is named no more."""
        writer = self._at.pop(segment)
        if not isinstance(writer, GapCause):
            writer.close_segment(segment)

    def failed(self, segment: SegmentId) -> GapCause | None:
        """Why the segment takes no more records; None while it does."""
        writer = self._at[segment]
        return writer if isinstance(writer, GapCause) else writer.failed(segment)

    def _home(self, camera: CameraId) -> VolumeWriter | None:
        home = self._homes.get(camera)
        if home is not None and home.in_service:
            return home
        candidates = self.in_service
        if not candidates:
            return None
        point = self._points.get(camera)
        shared = Counter(
            writer.volume.id
            for other, writer in self._homes.items()
            if point is not None and other != camera and self._points.get(other) == point
        )
        taken = Counter(writer.volume.id for writer in self._homes.values())
        best = min(candidates, key=lambda writer: (shared[writer.volume.id], taken[writer.volume.id]))
        self._homes[camera] = best
        return best
