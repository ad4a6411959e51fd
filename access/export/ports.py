"""What export needs of others: a release to read from, the ledger to be logged in, the index for gaps.

`access.release` gives the release; the properties here are those of its dataclasses. A release and its iterators
block on the disk: they are used on a thread. The ledger and the index are asked on the event loop.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from access.grants.facts import PlaceText
from access.ports import Inclusion, SegmentAt
from nvr.base.ids import AccountId, CameraId, GrantId, RequisitionNo, SegmentId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.records import CodecConfig
from storage.register.ports import StoredLeaf
from storage.svs1.layout import RecordHead
from storage.vanished import Vanished


class GrantFacts(Protocol):
    """A grant that is in force. The indices are those of its entries in the ledger.

    `release_indices` are those of all its releases; there are none, and `open_index` is None, when nothing was to be
    opened: the interval holds no footage.
    """

    @property
    def grant(self) -> GrantId: ...
    @property
    def requisition(self) -> RequisitionNo: ...
    @property
    def cameras(self) -> Sequence[CameraId]: ...
    @property
    def from_utc_us(self) -> UtcUs: ...
    @property
    def to_utc_us(self) -> UtcUs: ...
    @property
    def valid_until_utc_us(self) -> UtcUs: ...
    @property
    def opener(self) -> AccountId: ...
    @property
    def places(self) -> Mapping[CameraId, Sequence[PlaceText]]: ...
    @property
    def grant_index(self) -> int: ...
    @property
    def release_indices(self) -> Sequence[int]: ...
    @property
    def open_index(self) -> int | None: ...


class ReleasedSegment(Protocol):
    """A sealed segment of the grant, checked against its own root.

    `inner` holds the inner root of every record of the segment, granted or not; `seal_index` is the index of its
    `seal` entry.
    """

    @property
    def segment(self) -> SegmentId: ...
    @property
    def camera(self) -> CameraId: ...
    @property
    def header(self) -> Mapping[str, Json]: ...
    @property
    def header_json(self) -> bytes: ...
    @property
    def commit(self) -> bytes: ...
    @property
    def codec(self) -> CodecConfig: ...
    @property
    def inner(self) -> Sequence[bytes]: ...
    @property
    def root(self) -> bytes: ...
    @property
    def seal_index(self) -> int: ...


class ReleasedFront(Protocol):
    """What of a record stands in clear, granted or not."""

    @property
    def seq(self) -> int: ...
    @property
    def head(self) -> RecordHead: ...
    @property
    def rkc(self) -> bytes: ...
    @property
    def slices(self) -> Sequence[int]: ...


class ProvenFront(ReleasedFront, Protocol):
    """With `path`, which leads to the record's inner root (`storage.svs1.contexts`)."""

    @property
    def path(self) -> Sequence[bytes]: ...


class ReleasedRecord(ReleasedFront, Protocol):
    """A record of the grant, opened.

    `key` is the record's key, `slices` the lengths of its ciphertext slices, `tag` the seal's tag. `packets` are the
    access units in decoding order with their presentation times in 90 kHz ticks since the run began; `table` is the
    packet table as it was sealed, and for init and side records, which have no packets, their whole content.
    """

    @property
    def segment(self) -> SegmentId: ...
    @property
    def key(self) -> bytes: ...
    @property
    def tag(self) -> bytes: ...
    @property
    def table(self) -> bytes: ...
    @property
    def packets(self) -> Sequence[tuple[memoryview, int]]: ...


class Release(Protocol):
    """The granted records, and nothing else."""

    def demand(self) -> None:
        """Ask whether anything may still be had: before each step that takes long. Raises Denied."""
        ...

    @property
    def grant(self) -> GrantFacts:
        """What was granted, to whom, until when."""
        ...

    @property
    def unreadable(self) -> Mapping[SegmentId, str]:
        """Segments that were released and can not be read, or not whole, with why; known once all was read."""
        ...

    @property
    def missing(self) -> Mapping[SegmentId, Collection[int]]:
        """Of those that are not whole, the `seq` of the records that can not be had."""
        ...

    @property
    def whereabouts(self) -> Mapping[SegmentId, SegmentAt]:
        """What the index says of these, as far as it still knows them."""
        ...

    def segments(self, camera: CameraId) -> Sequence[ReleasedSegment]:
        """The segments of this camera that hold granted records, in the order of time."""
        ...

    def records(self, segment: SegmentId) -> Iterator[ReleasedRecord]:
        """The granted records of the segment, in order; the init record first."""
        ...

    def front(self, segment: SegmentId, seq: int) -> ProvenFront | None:
        """What stands in clear of a record; None, and the record is `missing`, when it is not what was sealed."""
        ...


class Ledger(Protocol):
    """The part of `access.ports.LedgerPort` that export uses."""

    async def entry(self, index: int) -> bytes:
        """The exact bytes of an entry."""
        ...

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        """The inclusion proof of an entry, in the tree of `size` or of the newest checkpoint."""
        ...

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        """Append a group, whole or not at all."""
        ...


class Gap(Protocol):
    """A stretch without pictures, and why; `to_utc_us` is None while it is open."""

    @property
    def from_utc_us(self) -> UtcUs: ...
    @property
    def to_utc_us(self) -> UtcUs | None: ...
    @property
    def cause(self) -> str: ...


class Index(Protocol):
    """What is known of a camera's time."""

    async def gaps(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[Gap]:
        """The gaps that overlap [from, to), in the order of time."""
        ...

    async def vanished(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[Vanished]:
        """What was recorded of [from, to), and is no more."""
        ...
