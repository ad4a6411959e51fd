"""What the sealing side tells about segments, and to whom. Pure data and the protocol of the listener."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nvr.base.ids import AuthorisationId, BootId, CameraId, PlacementId, PointId, RunId, SegmentId
from nvr.base.units import UtcUs
from storage.records import GapCause
from storage.svs1.header import Header
from storage.vault.seats import CustodianSet
from storage.volume import VolumeId


class SegmentFailure(StrEnum):
    """Why a segment ended before the recorder closed it."""

    NO_KEY = "no key"
    """No place of the keyring took its key record: nothing was written."""
    FULL = "full"
    """The volume had no room (ENOSPC, EDQUOT)."""
    WRITE = "write"
    """The disk refused a write, or to open the file."""
    CLOSE = "close"
    """The disk refused to make the closed file durable."""
    VOLUME_LOST = "volume lost"
    """The volume went out of service; what was written since its last good sync is suspect."""

    @property
    def gap_cause(self) -> GapCause:
        """Why the pictures that it cost are missing."""
        return GapCause.FULL if self is SegmentFailure.FULL else GapCause.DISK_LOST


@dataclass(frozen=True, slots=True)
class SealerIdentity:
    """What every header says of the system that wrote it, and under which set."""

    origin: str
    boot: BootId
    software: str
    custodians: CustodianSet


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSegment:
    """A segment whose file is durable under its final name: what the `seal` entry of the ledger says, and the index.

    `records` counts the init record. `recovered`: a crash left it, and the shard's next start took it as it was.
    `key_record_sha256` is None only for a recovered segment whose key record is nowhere.
    """

    segment: SegmentId
    camera: CameraId
    run: RunId
    shard: int
    volume: VolumeId
    start_utc_us: UtcUs
    end_utc_us: UtcUs
    clock_epoch: int
    records: int
    root: bytes
    hh: bytes
    file_bytes: int
    ct_bytes: int
    lost: int
    key_record_sha256: bytes | None
    set_hash: bytes
    point: PointId | None
    placement: PlacementId | None
    authorisation: AuthorisationId | None
    continues: SegmentId | None
    recovered: bool
    width: int
    height: int
    codec: str


@dataclass(frozen=True, slots=True)
class RecordWritten:
    """A record is in the file (not yet durable: the next sync makes it so). For heartbeats and counters."""

    segment: SegmentId
    camera: CameraId
    start_utc_us: UtcUs
    end_utc_us: UtcUs
    count: int
    """Records in the file, the init record among them."""
    root_so_far: bytes
    ct_bytes: int
    lost: int


class SealEvents(Protocol):
    """Who is told. Called in the volume's writer thread: must not block, and must not raise."""

    def sealed(self, segment: SealedSegment) -> None:
        """The segment is closed and durable."""
        ...

    def record_written(self, record: RecordWritten) -> None:
        """One more record is in a growing segment."""
        ...

    def segment_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        """The segment takes no more records. Whole records of it that could be closed are told by `sealed` before."""
        ...

    def records_lost(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs, why: SegmentFailure) -> None:
        """Records were taken from the recorder, and no sealed segment holds them."""
        ...


@dataclass(slots=True)
class Totals:
    """What the records of one segment add up to; the init record counts for nothing but its place."""

    end_utc_us: UtcUs
    ct_bytes: int = 0
    lost: int = 0

    def add(self, end_utc_us: UtcUs, ct_bytes: int, lost: int) -> None:
        """Count one more group of pictures."""
        self.end_utc_us = max(self.end_utc_us, end_utc_us)
        self.ct_bytes += ct_bytes
        self.lost += lost


def sealed_segment(
    header: Header,
    totals: Totals,
    *,
    volume: VolumeId,
    records: int,
    root: bytes,
    file_bytes: int,
    key_record_sha256: bytes | None,
    recovered: bool,
) -> SealedSegment:
    """The description of a closed segment, from its header and its records' totals."""
    return SealedSegment(
        segment=header.segment,
        camera=header.camera,
        run=header.run,
        shard=header.shard,
        volume=volume,
        start_utc_us=header.start_utc_us,
        end_utc_us=totals.end_utc_us,
        clock_epoch=header.clock_epoch,
        records=records,
        root=root,
        hh=header.hh,
        file_bytes=file_bytes,
        ct_bytes=totals.ct_bytes,
        lost=totals.lost,
        key_record_sha256=key_record_sha256,
        set_hash=header.set_hash,
        point=header.point,
        placement=header.placement,
        authorisation=header.authorisation,
        continues=header.continues,
        recovered=recovered,
        width=header.width,
        height=header.height,
        codec=header.codec,
    )
