"""One volume: a directory on its own disk that says which one it is (docs/design/svs1.md "Step order").

`scelle-volume.json` names it; `growing/<shard>/<seg>.svs` are being written; `segments/<camera>/<day>/<seg>.svs` are
sealed, and one that was bent and is mended stays beside it with `.damaged` behind its name; `copying/<seg>.svs` is a
copy that was not verified yet. An unmounted disk leaves an empty directory, a swapped one another name: both are told
from the volume.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import CameraId, SegmentId, is_uuid7, uuid7
from nvr.base.jcs import canonical
from nvr.base.units import UtcUs
from storage import disk
from storage.days import utc_day
from storage.durable import create_file, make_directory

IDENTITY_NAME: Final = "scelle-volume.json"
SUFFIX: Final = ".svs"
DAMAGED_SUFFIX: Final = f"{SUFFIX}.damaged"

VolumeId = NewType("VolumeId", str)
"""UUIDv7 of a volume, given when it is made."""


class VolumeLost(EvidenceAtRisk):
    """The volume is not there, is another one, or can not be written: its cameras move on. `path`, `what`."""

    message_id = "volume-lost"


@dataclass(frozen=True, slots=True)
class Space:
    """Room on the file system, as an ordinary user sees it."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume whose identity was checked; made by `create_volume` or `open_volume`."""

    id: VolumeId
    origin: str
    """The system that it belongs to, as the ledger names it."""
    path: Path

    def check(self) -> None:
        """Check that it is still the same volume.

        Raises:
            VolumeLost: it is gone, or another one stands in its place.
        """
        found = open_volume(self.path, self.origin).id
        if found != self.id:
            raise VolumeLost(path=str(self.path), what=f"is volume {found}, not {self.id}")

    def is_itself(self) -> bool:
        """Whether `check` has nothing to say."""
        try:
            self.check()
        except VolumeLost:
            return False
        return True

    def space(self) -> Space:
        """Free and total bytes. Raises VolumeLost when the file system does not answer."""
        return space_of(self.path)

    @property
    def segments(self) -> Path:
        """Where the sealed segments stand, by camera; the keeper locks it."""
        return self.path / "segments"

    @property
    def copying(self) -> Path:
        """Where a copy stands until it was read back; the keeper alone writes there."""
        return self.path / "copying"

    def growing_directory(self, shard: int) -> Path:
        """Where the segments stand that this shard is writing, or left in a crash."""
        return self.path / "growing" / str(shard)

    def growing_path(self, shard: int, segment: SegmentId) -> Path:
        """Where this segment grows."""
        return self.growing_directory(shard) / f"{segment}{SUFFIX}"

    def sealed_path(self, camera: CameraId, start_utc_us: UtcUs, segment: SegmentId) -> Path:
        """Where this segment stands once it is sealed; the day is the UTC day of its start."""
        return self.segments / camera / utc_day(start_utc_us) / f"{segment}{SUFFIX}"

    def damaged_path(self, camera: CameraId, start_utc_us: UtcUs, segment: SegmentId) -> Path:
        """Where the bent file of this segment is kept, once the segment was mended."""
        return self.sealed_path(camera, start_utc_us, segment).with_suffix(DAMAGED_SUFFIX)


def space_of(path: Path) -> Space:
    """Free and total bytes of the file system of any path. Raises VolumeLost when it does not answer."""
    try:
        status = disk.statvfs(path)
    except OSError as error:
        raise VolumeLost(path=str(path), what=str(error)) from error
    return Space(status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize)


def create_volume(path: Path, origin: str, *, now_utc_us: UtcUs) -> Volume:
    """Make the directory a volume of the system with this origin.

    Raises:
        VolumeLost: it is one already, or can not be written.
    """
    identity = VolumeId(uuid7(now_utc_us))
    content = canonical({"v": 1, "t": "scelle-volume", "volume": identity, "origin": origin})
    try:
        make_directory(path)
        create_file(path / IDENTITY_NAME, content)
        make_directory(path / "growing")
        make_directory(path / "segments")
    except OSError as error:
        raise VolumeLost(path=str(path), what=str(error)) from error
    return Volume(identity, origin, path)


def open_volume(path: Path, origin: str) -> Volume:
    """The volume in this directory, which belongs to the system with this origin.

    Raises:
        VolumeLost: there is none, it can not be read, it belongs to another system, or its file system is mounted
            read-only.
    """
    try:
        body = json.loads((path / IDENTITY_NAME).read_bytes())
        read_only = disk.statvfs(path).f_flag & os.ST_RDONLY
    except (OSError, ValueError) as error:
        raise VolumeLost(path=str(path), what=str(error)) from error
    of_this_version = isinstance(body, dict) and body.get("t") == "scelle-volume" and body.get("v") == 1
    if not of_this_version or not isinstance(body.get("origin"), str):
        raise VolumeLost(path=str(path), what="not a volume of this version")
    if not is_uuid7(str(body.get("volume"))):
        raise VolumeLost(path=str(path), what="its identity is not a UUIDv7")
    if body["origin"] != origin:
        raise VolumeLost(path=str(path), what=f"belongs to {body['origin']}, not to {origin}")
    if read_only:
        raise VolumeLost(path=str(path), what="mounted read-only")
    return Volume(VolumeId(body["volume"]), origin, path)
