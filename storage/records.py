"""What a recorder hands to storage: the start of a segment, and one record after the other.

Pure data, no I/O. The recorder owns these objects until it hands them over; afterwards the volume's writer
thread owns them, and the recorder must not touch them again.
"""

from array import array
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from nvr.base.ids import AuthorisationId, CameraId, PlacementId, PointId, RunId, SegmentId
from nvr.base.units import Ticks90k, UtcUs


class RandomAccess(IntEnum):
    """The kind of random access point with which a record begins."""

    NONE = 0
    """The record continues the group of pictures of the record before it."""
    IDR = 1
    """Instantaneous decoding refresh (H.264 nal_unit_type 5; H.265 types 19, 20)."""
    CRA = 2
    """Clean random access (H.265 type 21), or a broken link (16 to 18): leading pictures may not decode."""
    RECOVERY_POINT = 3
    """A recovery point SEI: decoding settles some frames later (intra-refresh)."""


class NoPredecessor(StrEnum):
    """Why a segment's header names no previous segment of its camera."""

    FIRST = "first"
    """The recorder began: it does not know what an earlier process wrote."""
    VOLUME = "volume"
    """The camera moved to another volume."""
    FAILED = "failed"
    """The previous segment could not be closed whole."""


class GapCause(StrEnum):
    """Why a stretch of time has no pictures (DESIGN.md, invariant 4)."""

    SILENT = "silent"
    """The camera did not answer, or stopped sending."""
    LOST = "lost"
    """Packets were lost on the way."""
    FELL_BEHIND = "fell behind"
    """The disk did not keep up, and the bounded queue was full."""
    FULL = "full"
    """No volume had room."""
    STOPPED = "stopped"
    """The recorder, or this camera, was stopped."""
    CLOCK = "clock"
    """The server's clock stepped."""
    DISK_LOST = "disk lost"
    """The volume went out of service under the segment."""


class MoveWhy(StrEnum):
    """Why a move of a dome is told (docs/design/domes.md "What a move is")."""

    LEFT = "left"
    """It left the place where it was to stand."""
    PRESET = "preset"
    """An expected preset means another position than before."""
    MANY = "many"
    """Further moves of the hour, told as one."""


@dataclass(frozen=True, slots=True)
class CodecConfig:
    """How to decode the packets of a segment.

    `codec` is the RFC 6381 string (`avc1.64001f`), `extradata` the decoder configuration record of ISO/IEC
    14496-15 (`avcC`, `hvcC`; empty for Motion JPEG, `mp4v.6C`), `width` and `height` the coded picture after cropping,
    in pixels (0 when unknown).
    """

    codec: str
    extradata: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """What is known of a segment before its first record; all of it goes into the sealed file's header."""

    segment: SegmentId
    camera: CameraId
    run: RunId
    start_utc_us: UtcUs
    clock_epoch: int
    codec: CodecConfig
    point: PointId | None = None
    placement: PlacementId | None = None
    authorisation: AuthorisationId | None = None
    continues: SegmentId | None = None
    """The segment whose group of pictures goes on in this one: a long group that was cut."""


@dataclass(slots=True)
class Record:
    """One group of pictures, or a part of one, on its way to the disk.

    `data` holds the access units in decode order, back to back, each as an MP4 sample (NAL units behind 4-byte
    lengths, or a JPEG picture); `sizes[i]` is the length of unit i in bytes, `pts_delta_90k[i]` its presentation time
    less `pts_90k`.
    """

    start_utc_us: UtcUs
    """Wall time of the access unit that is shown first."""
    pts_90k: Ticks90k
    """Presentation time of the access unit that is shown first, since the run began."""
    dur_90k: int
    clock_epoch: int
    random_access: RandomAccess
    camera_offset_us: int | None = None
    """The camera's clock less the server's, from its sender reports; None when it sent none."""
    lost: int = 0
    """RTP packets known to be missing inside this record."""
    continuation: bool = False
    """The record goes on with the group of pictures of the record before it."""
    unsynchronised: bool = False
    """The server's clock was not disciplined while this was recorded."""
    observations: bytes = b""
    """What was observed meanwhile: a JCS array, sealed as a side record right before this one; empty for none."""
    data: bytearray = field(default_factory=bytearray)
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    pts_delta_90k: "array[int]" = field(default_factory=lambda: array("i"))

    @property
    def size_bytes(self) -> int:
        """What it takes up until it is written."""
        return len(self.data) + len(self.observations)
