"""A shard with one camera of the second source."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from recorder.demux.source import DemuxSource
from recorder.shard import Shard
from recorder.status import CameraStatus, ShardSettings
from recorder.worker import CameraWorker
from storage.snapshot import CameraEntry
from tests.recorder.city import QUICK, Ticking
from tests.recorder.fakes import MemoryEvents, MemorySink

PASSWORD = "gr4ssh0pper"


class Town:
    """A shard with one camera that has this address."""

    def __init__(self, url: str, *, settings: ShardSettings, secret: bool) -> None:
        self.sink, self.events, self.stop, self.clock = MemorySink(), MemoryEvents(), Stop(), Ticking()
        self.shard = Shard(
            [CameraEntry(CameraId("cam1"), url, 0, "cam1" if secret else None)],
            {"cam1": ("ville", PASSWORD)}.__getitem__,
            self.sink,
            self.events,
            self.clock,
            settings,
            is_synchronised=lambda: True,
        )
        self.task = asyncio.create_task(self.shard.run(self.stop))

    @property
    def status(self) -> CameraStatus:
        return self.shard.status()[0]

    @property
    def worker(self) -> CameraWorker:
        return self.shard._workers[CameraId("cam1")]

    @property
    def source(self) -> DemuxSource:
        source = self.worker._source
        assert isinstance(source, DemuxSource)
        return source

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.clock.watched.until(condition)

    async def end(self) -> None:
        self.stop.set()
        await self.task

    def units(self) -> list[list[bytes]]:
        units = []
        for record in self.sink.records("cam1"):
            at = 0
            for size in record.sizes:
                units.append(nals_of(bytes(record.data[at : at + size])))
                at += size
        return units


@asynccontextmanager
async def town(url: str, *, settings: ShardSettings = QUICK, secret: bool = False) -> AsyncIterator[Town]:
    made = Town(url, settings=settings, secret=secret)
    await asyncio.sleep(0)
    try:
        yield made
    finally:
        made.stop.set()
        await asyncio.wait([made.task])
    made.task.result()


def nals_of(sample: bytes) -> list[bytes]:
    nals, at = [], 0
    while at < len(sample):
        size = int.from_bytes(sample[at : at + 4], "big")
        nals.append(sample[at + 4 : at + 4 + size])
        at += 4 + size
    return nals


def less_sets(units: list[list[bytes]], *, h265: bool = False) -> list[list[bytes]]:
    """Without parameter sets and delimiters, which FFmpeg adds where a container keeps them apart."""
    if h265:
        return [[nal for nal in unit if nal[0] >> 1 & 0x3F not in (32, 33, 34, 35)] for unit in units]
    return [[nal for nal in unit if nal[0] & 0x1F not in (7, 8, 9)] for unit in units]


def free_port() -> int:
    """A UDP port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
