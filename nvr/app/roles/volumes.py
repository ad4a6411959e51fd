"""Which volume takes a camera's segments: one sink over the writers of all volumes of a shard."""

from collections import Counter
from collections.abc import Iterable, Sequence

from nvr.base.ids import CameraId, PointId, SegmentId
from storage.records import Record, SegmentStart
from storage.snapshot import CameraEntry
from storage.volume_writer import VolumeWriter


class VolumeRouter:
    """Spreads cameras over volumes; cameras of one point lie on different ones, and leave a volume that is lost.

    A camera keeps its volume while that is in service. The event loop owns it.
    """

    def __init__(self, writers: Sequence[VolumeWriter]) -> None:
        self._writers = tuple(writers)
        self._homes: dict[CameraId, VolumeWriter] = {}
        self._points: dict[CameraId, PointId | None] = {}
        self._at: dict[SegmentId, VolumeWriter | None] = {}

    @property
    def in_service(self) -> list[VolumeWriter]:
        """The writers whose volume still takes segments."""
        return [writer for writer in self._writers if writer.lost is None]

    def cameras(self, entries: Iterable[CameraEntry]) -> None:
        """These are the shard's cameras from now on."""
        self._points = {entry.camera: entry.point for entry in entries}
        self._homes = {camera: home for camera, home in self._homes.items() if camera in self._points}

    def open_segment(self, start: SegmentStart) -> None:
        """Begin a segment on the camera's volume; without any volume in service, it has failed at once."""
        writer = self._home(start.camera)
        self._at[start.segment] = writer
        if writer is not None:
            writer.open_segment(start)

    def append(self, segment: SegmentId, record: Record) -> bool:
        """Hand over a record; False when the volume's queue is full."""
        writer = self._at[segment]
        return writer is not None and writer.append(segment, record)

    def close_segment(self, segment: SegmentId) -> None:
        """Seal the segment once its records are written."""
        writer = self._at.pop(segment)
        if writer is not None:
            writer.close_segment(segment)

    def failed(self, segment: SegmentId) -> bool:
        """Whether the volume gave the segment up; once this is true the segment is named no more."""
        writer = self._at.get(segment)
        if writer is None or writer.failed(segment):
            self._at.pop(segment, None)
            return True
        return False

    def _home(self, camera: CameraId) -> VolumeWriter | None:
        home = self._homes.get(camera)
        if home is not None and home.lost is None:
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
