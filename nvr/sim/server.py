"""The simulator: an RTSP server on loopback with a URL per camera."""

import asyncio
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import InvalidValue
from nvr.sim.camera import SimCamera
from nvr.sim.connection import Connection, Device
from nvr.sim.faults import Faults
from nvr.sim.feed import Counters
from nvr.sim.fleet import RenderedLoop, Ticker
from nvr.sim.live import LiveSource
from nvr.sim.messages import Request

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 1024
"""Connections that wait to be accepted: a whole fleet may come at once."""


class Simulator:
    """Cameras that speak RTSP over TCP; `async with` starts and stops it. The event loop owns it.

    Without `fleet` each camera draws and encodes for itself while somebody plays it. With `fleet` all cameras
    send the frames of that loop (see nvr.sim.fleet), whatever picture and encoding they name.
    """

    def __init__(
        self,
        cameras: Sequence[SimCamera],
        *,
        host: str = HOST,
        port: int = 0,
        clock: Clock | None = None,
        fleet: RenderedLoop | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        names = [camera.name for camera in cameras]
        if len(set(names)) != len(names) or not names:
            raise InvalidValue(field="cameras", value=names, expected="at least one, each name once")
        clock = clock if clock is not None else SystemClock()
        self._host = host
        self._port = port
        self._tls = tls
        # An ended run may still finish its last frame while the next one begins.
        self._pool = ThreadPoolExecutor(max_workers=2 * len(cameras), thread_name_prefix="sim")
        self._ticker = Ticker(fleet, clock) if fleet is not None else None
        self._live: dict[str, LiveSource] = {}
        self._devices: dict[str, Device] = {}
        for camera in cameras:
            if self._ticker is not None:
                self._devices[camera.name] = Device(camera, self._ticker.source())
            else:
                self._live[camera.name] = LiveSource(camera, clock, self._pool)
                self._devices[camera.name] = Device(camera, self._live[camera.name])
        self._transports: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; the port is known from then on.

        Raises:
            OSError: the port is taken.
        """
        await asyncio.gather(*(source.open() for source in self._live.values()))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._devices, self._transports), self._host, self._port, ssl=self._tls, backlog=_BACKLOG
        )
        self._port = self._server.sockets[0].getsockname()[1]
        if self._ticker is not None:
            self._ticking = asyncio.create_task(self._ticker.run())
            self._ticking.add_done_callback(_tell_failure)

    async def stop(self) -> None:
        """Reset every connection, end every thread. A second call changes nothing.

        Raises:
            Exception: what ended an encoder's thread or the fleet's ticker before.
        """
        if self._server is not None:
            self._server.close()
        for transport in tuple(self._transports):
            transport.abort()
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
            if not self._ticking.cancelled():
                self._ticking.result()
        try:
            await asyncio.gather(*(source.close() for source in self._live.values()))
        finally:
            self._pool.shutdown(wait=False)
            if self._server is not None:
                await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The TCP port; before `start`, the one asked for."""
        return self._port

    def url(self, camera: str) -> str:
        """Where this camera is played, without credentials."""
        scheme = "rtsp" if self._tls is None else "rtsps"
        return f"{scheme}://{self._host}:{self._port}/{self._devices[camera].camera.name}"

    def faults(self, camera: str) -> Faults:
        """What can be made to go wrong with this camera."""
        return self._devices[camera].faults

    def requests(self, camera: str) -> tuple[Request, ...]:
        """The last requests that named this camera, oldest first."""
        return tuple(self._devices[camera].requests)

    def players(self, camera: str) -> int:
        """How many clients play this camera now."""
        return self._devices[camera].feed.players

    def statistics(self, camera: str) -> Counters:
        """What this camera sent and whom it cut, since the beginning."""
        return self._devices[camera].feed.statistics()

    @property
    def frames_skipped(self) -> int:
        """Pictures, or ticks of a fleet, that this machine was too slow for."""
        late = self._ticker.ticks_skipped if self._ticker is not None else 0
        return late + sum(source.frames_skipped for source in self._live.values())

    async def wait_played(self, camera: str) -> None:
        """Until at least one client plays this camera."""
        await self._devices[camera].feed.wait_played()

    async def wait_request(self, camera: str, method: str, count: int = 1) -> None:
        """Until this camera was sent `count` requests of this method since the beginning, answered or not."""
        await self._devices[camera].wait_request(method, count)


def _tell_failure(task: asyncio.Task[None]) -> None:
    # `stop` raises it too, but that may be long after the cameras fell silent.
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "fleet failed", "exception": error, "task": task})
