"""What queries of the index answer: plain values."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from storage.index.tables import SegmentState
from storage.keyring.layout import KeyRef
from storage.volume import VolumeId


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One sealed segment; `ledger_index` is its `seal` entry, `root` what that says.

    `lost_utc_us` is when it was found missing, `lost_why` as it was told then; of one that is there both are None.
    `continues` is the segment in which its first group of pictures began, if that was not here. `expired_utc_us` says
    when it was destroyed, `expire_reason` why it was doomed. `damaged_utc_us` is since when its file is known not to be
    what was sealed, `damaged_why` what is wrong with it.
    """

    seg: SegmentId
    camera: CameraId
    volume: VolumeId
    shard: int
    run: str
    start_utc_us: UtcUs
    end_utc_us: UtcUs
    clock_epoch: int
    records: int
    file_bytes: int
    lost_packets: int
    root: bytes
    point: str | None
    placement: str | None
    authorisation: str | None
    recovered: bool
    ledger_index: int
    state: SegmentState
    lost_utc_us: UtcUs | None = None
    lost_why: str | None = None
    continues: SegmentId | None = None
    expired_utc_us: UtcUs | None = None
    expire_reason: str | None = None
    damaged_utc_us: UtcUs | None = None
    damaged_why: str | None = None

    @property
    def key_ref(self) -> KeyRef:
        """Where its key record stands in the keyring."""
        return KeyRef(self.seg, self.start_utc_us, self.shard)


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch without pictures; `to_utc_us` None: still open. `boot` None: the keeper told it."""

    gap: str
    camera: CameraId
    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    cause: str
    detail: str | None
    boot: str | None
    ledger_index: int


class MoveRow(NamedTuple):
    """A dome was not where it was to stand; `to_utc_us` None: it still is not. `why`, `moves`: as its entry says."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    why: str
    moves: int


@dataclass(frozen=True, slots=True)
class HoldScope:
    """One camera of a hold: [from, to) may not be destroyed before `until_utc_us` (None: until the hold ends)."""

    hold: str
    camera: CameraId
    from_utc_us: UtcUs
    to_utc_us: UtcUs
    until_utc_us: UtcUs | None
    ledger_index: int


@dataclass(frozen=True, slots=True)
class Order:
    """An authorisation; `cameras` None means all."""

    authorisation: str
    number: str
    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    retention_days: int
    minimum_days: int | None
    cameras: frozenset[str] | None

    @classmethod
    def of(cls, row: Any) -> "Order":  # noqa: ANN401 -- a row of the index or of the register
        """The order that a row of either database describes."""
        return cls(
            authorisation=row.authorisation,
            number=row.number,
            from_utc_us=UtcUs(row.from_utc_us),
            to_utc_us=None if row.to_utc_us is None else UtcUs(row.to_utc_us),
            retention_days=row.retention_days,
            minimum_days=row.minimum_days,
            cameras=None if row.cameras is None else frozenset(row.cameras),
        )


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera as the register last told it."""

    camera: CameraId
    shard: int
    retention_days: int | None
    retired: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of one camera in one stretch of time."""

    segments: tuple[SegmentRow, ...]
    gaps: tuple[GapRow, ...]


class Stretch(NamedTuple):
    """Footage without a hole."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs


class GapSpan(NamedTuple):
    """Time without pictures, of one cause; `to_utc_us` None: still open."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    cause: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What there is of one camera in one stretch of time, both in its order."""

    footage: tuple[Stretch, ...]
    gaps: tuple[GapSpan, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many ledger entries the index has applied, and the latest of their dates."""

    applied_size: int
    ledger_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class ToCheck:
    """The sealed segments of a volume that a check looks at: of these cameras (none: of all), begun then or later.

    `before_utc_us`: opened before then, when the check began. What is recorded meanwhile is left to the next one.
    """

    volume: str
    cameras: frozenset[CameraId]
    since_utc_us: int
    before_utc_us: int
