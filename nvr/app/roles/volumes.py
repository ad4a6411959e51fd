"""Which volume takes a camera's segments: one sink over the writers of all volumes of a shard."""

from collections import Counter
from collections.abc import Iterable

from nvr.base.ids import CameraId, PointId, SegmentId
from storage.records import GapCause, Record, SegmentStart
from storage.snapshot import CameraEntry
from storage.volume_writer import VolumeWriter


class VolumeRouter:
    """Spreads cameras over volumes: those of one point apart, all of them by free room (docs/design/storage.md).

    A camera keeps its volume while that is in service. Volumes come and go: `add`, `drain`, `remove`. The event loop
    owns it.
    """

    def __init__(self, writers: Iterable[VolumeWriter] = ()) -> None:
        self._writers = list(writers)
        self._draining: set[VolumeWriter] = set()
        self._homes: dict[CameraId, VolumeWriter] = {}
        self._points: dict[CameraId, PointId | None] = {}
        self._at: dict[SegmentId, tuple[CameraId, VolumeWriter | GapCause]] = {}

    @property
    def in_service(self) -> list[VolumeWriter]:
        """The writers whose volume takes new segments."""
        return [writer for writer in self._writers if writer.in_service and writer not in self._draining]

    def cameras(self, entries: Iterable[CameraEntry]) -> None:
        """These are the shard's cameras from now on."""
        self._points = {entry.camera: entry.point for entry in entries}
        self._homes = {camera: home for camera, home in self._homes.items() if camera in self._points}

    def add(self, writer: VolumeWriter) -> None:
        """One more volume, whose writer runs."""
        self._writers.append(writer)

    def drain(self, writer: VolumeWriter) -> None:
        """The volume takes no new segment; those that grow there are closed by who hands their records over."""
        self._draining.add(writer)
        self._leave(writer)

    def take_back(self, writer: VolumeWriter) -> None:
        """The volume takes segments again, of cameras that have no home."""
        self._draining.discard(writer)

    def is_draining(self, writer: VolumeWriter) -> bool:
        """Whether `drain` was called."""
        return writer in self._draining

    def remove(self, writer: VolumeWriter) -> None:
        """The volume is no more among those that may take segments."""
        self._writers.remove(writer)
        self._draining.discard(writer)
        self._leave(writer)

    def homed_on(self, writer: VolumeWriter) -> list[CameraId]:
        """The cameras whose segments go there, by name."""
        return sorted(camera for camera, home in self._homes.items() if home is writer)

    def growing_on(self, writer: VolumeWriter) -> set[CameraId]:
        """The cameras of which a segment was opened there and is not closed."""
        return {camera for camera, at in self._at.values() if at is writer}

    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        """Begin a segment on the camera's volume; without any volume in service, it has failed at once.

        False when the volume's queue is full: nothing began.
        """
        writer = self._home(start.camera)
        if writer is None:
            full = any(each.full for each in self._writers if each.lost is None)
            self._at[start.segment] = (start.camera, GapCause.FULL if full else GapCause.DISK_LOST)
            return True
        if not writer.open_segment(start, first_bytes):
            return False
        self._at[start.segment] = (start.camera, writer)
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        """Hand over a record; False when the volume's queue is full."""
        _, writer = self._at[segment]
        return not isinstance(writer, GapCause) and writer.append(segment, record)

    def close_segment(self, segment: SegmentId) -> None:
        """Seal the segment once its records are written; after this it is named no more."""
        _, writer = self._at.pop(segment)
        if not isinstance(writer, GapCause):
            writer.close_segment(segment)

    def failed(self, segment: SegmentId) -> GapCause | None:
        """Why the segment takes no more records; None while it does."""
        _, writer = self._at[segment]
        return writer if isinstance(writer, GapCause) else writer.failed(segment)

    def _leave(self, writer: VolumeWriter) -> None:
        self._homes = {camera: home for camera, home in self._homes.items() if home is not writer}

    def _home(self, camera: CameraId) -> VolumeWriter | None:
        candidates = self.in_service
        home = self._homes.get(camera)
        if home in candidates:
            return home
        if not candidates:
            return None
        others = {other: writer for other, writer in self._homes.items() if other != camera}
        point = self._points.get(camera)
        near = Counter(writer for other, writer in others.items() if point and self._points.get(other) == point)
        taken = Counter(others.values())
        best = min(candidates, key=lambda writer: (near[writer], -writer.space.free_bytes / (taken[writer] + 1)))
        self._homes[camera] = best
        return best
