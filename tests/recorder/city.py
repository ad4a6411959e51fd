"""A shard that records simulated cameras, for tests of the whole way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.sim.camera import SimCamera
from nvr.sim.server import Simulator
from recorder.health.watch import HealthWatch
from recorder.shard import Shard
from recorder.status import CameraStatus, ShardSettings
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink, Watched

SMALL = SimCamera("cam1", width=320, height=180, gop_frames=10, fps=20, bitrate_bps=200_000)
OTHER = replace(SMALL, name="cam2")
QUICK = ShardSettings(
    stall_s=2, connect_timeout_s=2, retry_first_s=0.05, retry_most_s=0.1, retry_unauthorized_s=0.1, retry_busy_s=0.1
)


class Ticking(SystemClock):
    """The machine's clock; whoever waits for something looks again each time a sleeper wakes."""

    def __init__(self) -> None:
        self.watched = Watched()

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.watched.happened()


@dataclass
class City:
    sim: Simulator
    shard: Shard
    sink: MemorySink
    events: MemoryEvents
    stop: Stop
    task: asyncio.Task[None]
    clock: Ticking

    def status(self, camera: str) -> CameraStatus:
        return next(status for status in self.shard.status() if status.camera == camera)

    async def recorded(self, camera: str, frames: int) -> None:
        """Until so many more frames of the camera were stored."""
        target = self.sink.frames(camera) + frames
        await self.sink.until(lambda: self.sink.frames(camera) >= target)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Until the shard, which ticks twice a second, has come to this."""
        await self.clock.watched.until(condition)

    async def end(self) -> None:
        self.stop.set()
        await self.task


def entry(sim: Simulator, camera: SimCamera, *, secret: str | None = None) -> CameraEntry:
    return CameraEntry(CameraId(camera.name), sim.url(camera.name), 0, secret)


@asynccontextmanager
async def city(
    *cameras: SimCamera,
    settings: ShardSettings = QUICK,
    secrets: Callable[[str], tuple[str, str]] | None = None,
    entries: Callable[[Simulator], list[CameraEntry]] | None = None,
    written: Callable[[CameraId], int] | None = None,
    health: HealthWatch | None = None,
) -> AsyncIterator[City]:
    """The shard runs until the block ends; a camera with a user has its secret under its own name."""
    logins = {camera.name: (camera.user, camera.password) for camera in cameras if camera.user}
    async with Simulator(cameras) as sim:
        chosen = (
            entries(sim)
            if entries is not None
            else [entry(sim, each, secret=each.name if each.user else None) for each in cameras]
        )
        sink, events, stop, clock = MemorySink(), MemoryEvents(), Stop(), Ticking()
        shard = Shard(
            chosen,
            secrets if secrets is not None else logins.__getitem__,
            sink,
            events,
            clock,
            settings,
            written=written,
            health=health,
            is_synchronised=lambda: True,
        )
        task = asyncio.create_task(shard.run(stop))
        await asyncio.sleep(0)  # the workers begin
        try:
            yield City(sim, shard, sink, events, stop, task, clock)
        finally:
            stop.set()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()
