"""What a link by radio costs: sessions, bytes, gaps, and how late pictures are dated.

One simulated camera behind two links that are alike (`nvr.sim.radio`, in real time), recorded once as a nomadic camera
and once as a fixed one. `python -m benchmarks --only radio --seconds 600`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.dating import Memory, camera_rows
from benchmarks.table import Row
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, UtcUs
from nvr.sim.camera import SimCamera
from nvr.sim.radio import Radio, RadioLink
from nvr.sim.server import Simulator
from recorder.shard import Shard
from recorder.status import CameraStatus, ShardSettings
from storage.records import GapCause
from storage.snapshot import CameraEntry, CameraKind

DEFAULT_SECONDS: Final = 300
CAMERA: Final = SimCamera("camera", width=320, height=180, fps=10, gop_frames=20, bitrate_bps=120_000)
RADIO: Final = Radio(pause_every_us=40 * US_PER_SECOND)
"""Pauses come three times as often as they are thought to, so that some minutes show them."""
SEED: Final = 1
_CHUNK: Final = 1400
_MOST_ON_WAY: Final = 500
"""Chunks: what a camera buffers before it skips pictures."""
KINDS: Final = (CameraKind.NOMADIC, CameraKind.FIXED)


class _Told(Memory):
    """Counts the events of gaps, too."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, int] = {}

    def gap(
        self, *, gap: str, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs | None, cause: GapCause, detail: str
    ) -> None:
        super().gap(gap=gap, camera=camera, from_utc_us=from_utc_us, to_utc_us=to_utc_us, cause=cause, detail=detail)
        self.events[camera] = self.events.get(camera, 0) + 1


@dataclass(slots=True)
class _Relay:
    """Stands between recorder and camera, and is the radio."""

    link: RadioLink
    clock: SystemClock
    began_mono_us: int
    port: int
    sent: int = 0
    sessions: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        from_camera, to_camera = await asyncio.open_connection("127.0.0.1", self.port)
        both = [self._carry(reader, to_camera, by_radio=False), self._carry(from_camera, writer, by_radio=True)]
        tasks = [asyncio.create_task(each) for each in both]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, OSError):
                raise ended
        to_camera.close()
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, by_radio: bool) -> None:
        """Until one side is gone; what is on its way then is lost."""
        on_way: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(_MOST_ON_WAY)
        arriving = asyncio.create_task(self._arrive(on_way, writer))
        try:
            while data := await reader.read(_CHUNK):
                sent_us = self.clock.mono_us() - self.began_mono_us
                due_us = self.link.arrival_us(sent_us, len(data)) if by_radio else sent_us + RADIO.one_way_us
                self.sent += len(data) if by_radio else 0
                await on_way.put((due_us, data))
        finally:
            arriving.cancel()

    async def _arrive(self, on_way: "asyncio.Queue[tuple[int, bytes]]", writer: asyncio.StreamWriter) -> None:
        while True:
            due_us, data = await on_way.get()
            await self.clock.sleep(max(0, due_us - (self.clock.mono_us() - self.began_mono_us)) / US_PER_SECOND)
            writer.write(data)
            await writer.drain()


def rows(*, seconds: int = DEFAULT_SECONDS) -> list[Row]:
    """Sessions, kilobytes, events of gaps and pictures of each kind, and the errors of their times."""
    return asyncio.run(_rows(seconds))


async def _rows(seconds: int) -> list[Row]:
    memory, clock, stop = _Told(), SystemClock(), Stop()
    async with Simulator([CAMERA]) as simulator, _relays(simulator, clock) as relays:
        entries = [
            CameraEntry(CameraId(kind), f"rtsp://127.0.0.1:{port}/{CAMERA.name}", 0, kind=kind)
            for kind, (port, _) in relays.items()
        ]
        shard = Shard(
            entries,
            dict[str, tuple[str, str]]().__getitem__,
            memory,
            memory,
            clock,
            ShardSettings(),
            is_synchronised=lambda: True,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(shard.run(stop))
            await clock.sleep(seconds)
            states = {status.camera: status for status in shard.status()}
            stop.set()
        return [row for kind, (_, relay) in relays.items() for row in _of(kind, relay, states[CameraId(kind)], memory)]


def _of(kind: CameraKind, relay: _Relay, status: CameraStatus, memory: _Told) -> Iterator[Row]:
    figures = {
        "pauses of the link": (relay.link.pauses, "pauses"),
        "sessions": (relay.sessions, "sessions"),
        "carried": (relay.sent // 1000, "kB"),
        "pictures": (status.frames, "pictures"),
        "events of gaps": (memory.events.get(kind, 0), "entries"),
    }
    for name, (value, unit) in figures.items():
        yield Row(f"radio {kind}, {name}", value, unit, None, None)
    yield from camera_rows(kind, memory, goal_ms=None)


@asynccontextmanager
async def _relays(simulator: Simulator, clock: SystemClock) -> AsyncIterator[dict[CameraKind, tuple[int, _Relay]]]:
    relays, servers = {}, []
    for kind in KINDS:
        relay = _Relay(RadioLink(RADIO, seed=SEED), clock, clock.mono_us(), simulator.port)
        server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
        servers.append(server)
        relays[kind] = (int(server.sockets[0].getsockname()[1]), relay)
    try:
        yield relays
    finally:
        for server in servers:
            server.close()
