"""What the tests of crashes record: three segments of two cameras, with a spool, and what is promised meanwhile."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.ids import BootId, CameraId, SegmentId, uuid7
from nvr.base.units import UtcUs
from storage import disk
from storage.durable import make_directory
from storage.records import GapCause
from storage.sealing import RecordWritten, SealedSegment
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from tests.storage.sealed import GOP_US, NOW_US, Recorder, Told, footage, segment_start

MAIRIE: Final = CameraId("mairie")
GARE: Final = CameraId("gare")
KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SHARD: Final = 0


@dataclass(frozen=True)
class Synced:
    """From here on so many records of each segment are durable."""

    records: Mapping[SegmentId, int]


@dataclass(frozen=True)
class Spooled:
    """From here on the spool has the seals of these segments."""

    segments: Sequence[SegmentId]


Promise: TypeAlias = Synced | Spooled


class Telling(Told):
    """Tells the spool, as the recorder does."""

    def __init__(self, events: SpoolEvents) -> None:
        super().__init__()
        self.counts: Counter[SegmentId] = Counter()
        self._events = events
        self._written = threading.Semaphore(0)

    def record_written(self, record: RecordWritten) -> None:
        super().record_written(record)
        self.counts[record.segment] = record.count
        self._written.release()

    def sealed(self, segment: SealedSegment) -> None:
        super().sealed(segment)
        self._events.sealed(segment)

    def begin(self, camera: CameraId) -> None:
        """Tell that there was nothing before the first picture, as a worker does."""
        before = UtcUs(NOW_US - 1_000_000)
        self._events.gap(
            gap=uuid7(before),
            camera=camera,
            from_utc_us=before,
            to_utc_us=NOW_US,
            cause=GapCause.SILENT,
            detail="starting",
        )

    def wait(self, records: int) -> None:
        """Until so many more records are written."""
        for _ in range(records):
            assert self._written.acquire(timeout=30)

    @property
    def segments(self) -> list[SegmentId]:
        """Those that are sealed."""
        return [segment.segment for segment in self.sealed_segments]


def spools_of(directory: Path) -> Path:
    """Where the recorder's spools lie."""
    return directory / "state" / "spool"


def record(recorder: Recorder, spools: Path, promise: Callable[[Promise], None]) -> None:
    """One recorder process from its boot to its end: two rounds of the volume's sync, and a closing between them."""
    make_directory(spools)
    spool = SpoolWriter(spools, SHARD, BootId(uuid7(NOW_US)), recorder.clock, KEY, sw="scelle test")
    told = recorder.told = Telling(SpoolEvents(spool))
    told.begin(MAIRIE)
    told.begin(GARE)
    spool.wait_durable()
    writer = recorder.writer = recorder.new_writer()
    writer.start()
    growing = disk.open_file(recorder.volume.growing_directory(SHARD), os.O_RDONLY | os.O_DIRECTORY)
    first = segment_start(0, camera=MAIRIE)
    second = segment_start(1, camera=MAIRIE, start_utc_us=NOW_US + 3 * GOP_US)
    other = segment_start(0, camera=GARE)

    recorder.record(first, footage(1, gops=2), close=False)
    recorder.record(other, footage(2, gops=1), close=False)
    told.wait(3)
    disk.syncfs(growing)
    promise(Synced(dict(told.counts)))

    recorder.append(first, 2, footage(3, gops=1))
    writer.close_segment(first.segment)
    recorder.record(second, footage(4, gops=1), close=False)
    recorder.append(other, 1, footage(5, gops=2))
    told.wait(4)
    spool.wait_durable()
    promise(Spooled(told.segments))
    disk.syncfs(growing)
    promise(Synced(dict(told.counts)))

    recorder.append(second, 1, footage(6, gops=1))
    told.wait(1)
    writer.stop(drain=True)
    spool.close()
    promise(Spooled(told.segments))
    os.close(growing)
