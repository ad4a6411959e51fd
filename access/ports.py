"""What access needs of the keeper and of the footage that it knows (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.secrets import Login
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.holds import Interval
from storage.index.on_evidence import Kept, Leaving
from storage.index.on_volume import LostStretch
from storage.index.rows import MoveRow
from storage.keeping.previews import Change, Effect
from storage.register.ports import RegisterLedger
from storage.snapshot import CameraEntry
from storage.vanished import Vanished


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry lies in the tree of a checkpoint: the signed note and the audit path, lowest sibling first."""

    checkpoint: str
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of an earlier size is the beginning of that of the checkpoint."""

    checkpoint: str
    path: tuple[bytes, ...]


class LedgerPort(RegisterLedger, Protocol):
    """The keeper, as access sees it. Every call raises Retryable when the keeper does not answer."""

    async def entry(self, index: int) -> bytes:
        """The exact bytes of an entry."""
        ...

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        """The inclusion proof of an entry, in the tree of `size` or of the newest checkpoint."""
        ...

    async def consistency(self, from_size: int, to_size: int | None = None) -> Consistency:
        """The consistency proof from the tree of `from_size` entries."""
        ...

    async def rotate(self, cameras: Sequence[CameraId]) -> Sequence[SegmentId]:
        """Have the recorders close these cameras' segments; those sealed since, once the ledger has them."""
        ...

    async def publish(self, cameras: Sequence[CameraEntry]) -> int:
        """Publish a new camera snapshot; the size of the ledger that it names."""
        ...


@dataclass(frozen=True, slots=True)
class SegmentAt:
    """A sealed segment that exists, where its file lies, and the index of its `seal` entry.

    `path` is None while its volume is not mounted; `copy` is its second file, which is as good: None while it has none,
    or that is not mounted.
    """

    segment: SegmentId
    camera: CameraId
    shard: int
    path: Path | None
    start_utc_us: UtcUs
    end_utc_us: UtcUs
    seal_index: int
    copy: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where it can be read, the better place first."""
        return tuple(path for path in (self.path, self.copy) if path is not None)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of one camera in an interval: the segments that exist, in the order of time, and what is gone."""

    segments: tuple[SegmentAt, ...]
    vanished: tuple[Vanished, ...] = ()
    """What was recorded of it, and destroyed on time, or lost."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one camera in an interval, without a look at any disk.

    `recorded` are stretches of footage that exists, `began_utc_us` is when the oldest segment of it began; a gap is its
    beginning, its end (None: open) and its cause. `moves`: when a dome was not where it was to stand.
    """

    recorded: tuple[Interval, ...] = ()
    began_utc_us: UtcUs | None = None
    vanished: tuple[Vanished, ...] = ()
    gaps: tuple[tuple[UtcUs, UtcUs | None, str], ...] = ()
    moves: tuple[MoveRow, ...] = ()


class IndexPort(Protocol):
    """The keeper's index, read only. Every call raises NvrError when it can not be read."""

    async def coverage(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Coverage:
        """What exists of [from, to), and what is gone."""
        ...

    async def known(
        self, cameras: Sequence[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
    ) -> Mapping[CameraId, Known]:
        """What exists of [from, to), what is gone and what was never there, of each of these cameras."""
        ...

    async def segment(self, segment: SegmentId) -> SegmentAt | None:
        """One segment; None when it does not exist, or no more."""
        ...

    async def statement(self, day: str) -> tuple[int, int] | None:
        """The first ledger entry of a local day's statement (ISO 8601), and how many; None: it has none."""
        ...

    async def oldest(self) -> Mapping[CameraId, UtcUs]:
        """The start of the oldest segment that exists, of each camera that has one."""
        ...

    async def effects(self, change: Change) -> Sequence[Effect]:
        """What a change of retention would mean for footage that is there."""
        ...

    async def leaving(self, volume: str, now_utc_us: UtcUs) -> Leaving:
        """What would be lost with a volume, what of it holds keep, and which copies would go."""
        ...

    async def kept_by_hold(self, now_utc_us: UtcUs) -> Mapping[str, Kept]:
        """What each hold that runs keeps once, and twice."""
        ...

    async def lost_under_hold(self, now_utc_us: UtcUs) -> Sequence[LostStretch]:
        """Lost footage that holds cover."""
        ...

    async def kept_bytes(self, times: Mapping[str, Iterable[Interval]]) -> int:
        """The bytes of footage that touches these times, camera by camera."""
        ...


class CameraStates(Protocol):
    """The recorders, as access sees them."""

    async def states(self) -> Mapping[CameraId, Mapping[str, Json]]:
        """State and counters of each camera that a recorder has; empty when none answers."""
        ...


class VolumeStates(Protocol):
    """The recorders, which write to volumes."""

    async def volumes(self) -> Sequence[Mapping[str, Json]]:
        """What each recorder that answers says of each of its volumes."""
        ...


class CameraChecks(Protocol):
    """The recorders, which try out cameras."""

    async def check(self, shard: int, cameras: Sequence[CameraId], seconds: int) -> Sequence[Mapping[str, Json]]:
        """What this shard's recorder measured of each camera. Raises Retryable: it does not answer."""
        ...

    async def retry(self, shard: int, camera: CameraId) -> None:
        """Have this shard's recorder try the camera at once, if it waits. Raises Retryable: it does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A camera whose stream is looked for. `host` is `HOST`, `HOST:PORT` or the URL of its device service."""

    host: str
    channel: int
    login: Login | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A camera of the register, as a search on the network recognises it."""

    camera: CameraId
    url: str
    secret: str | None


class CameraFinder(Protocol):
    """The recorders, which reach the cameras' networks. Each call raises Retryable: none of them answers."""

    async def discover(
        self, interface: str | None, hosts: Sequence[str] | None, known: Sequence[Recorded], seconds: int
    ) -> Sequence[Mapping[str, Json]]:
        """The cameras that answer on a network, or at these addresses."""
        ...

    async def lookup(self, cameras: Sequence[Asked]) -> Sequence[Mapping[str, Json]]:
        """The main stream of each, in their order, or why there is none."""
        ...
