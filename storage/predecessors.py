"""Which segment of a camera came before: the chain of roots in the headers (docs/design/svs1.md, `prev`)."""

from nvr.base.ids import CameraId
from storage.records import NoPredecessor
from storage.svs1.header import Predecessor
from storage.volume import VolumeId


class Predecessors:
    """Shared by the volume writers of one shard; each call is one dictionary access, so any thread may make it."""

    def __init__(self) -> None:
        self._last: dict[CameraId, tuple[VolumeId, bytes | None]] = {}

    def before(self, camera: CameraId, volume: VolumeId) -> Predecessor:
        """What a new segment of the camera on this volume names; no other may be open there."""
        last = self._last.get(camera)
        if last is None:
            return NoPredecessor.FIRST
        last_volume, root = last
        if last_volume != volume:
            return NoPredecessor.VOLUME
        return NoPredecessor.FAILED if root is None else root

    def opened(self, camera: CameraId, volume: VolumeId) -> None:
        """The camera has a new segment on this volume, with a file: from now on this one is the last."""
        self._last[camera] = (volume, None)

    def closed(self, camera: CameraId, volume: VolumeId, root: bytes) -> None:
        """The camera's segment on this volume was closed; told late, after the camera moved on, it counts no more."""
        last = self._last.get(camera)
        if last is not None and last[0] == volume:
            self._last[camera] = (volume, root)
