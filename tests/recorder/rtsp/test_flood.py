"""A camera that sends as fast as it can, over a real connection: held back by TCP, and nothing of it lost."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from nvr.sim.server import HOST
from recorder.rtsp.client import RtspClient
from recorder.rtsp.protocol import BUFFER_BYTES, MAX_TICK_BYTES, RtspProtocol
from recorder.rtsp.url import parse_url
from tests.recorder.rtp import frame
from tests.recorder.rtsp.test_protocol import EXPECTED, Bench

FLOOD_BYTES = 3 * MAX_TICK_BYTES
FOREIGN = frame(9, b"\x80" + bytes(65_000))


async def _flooded() -> None:
    bench, over = Bench(), asyncio.Event()
    parts = [bench.setup() + bench.pictures(0, 25), *[FOREIGN] * (FLOOD_BYTES // len(FOREIGN)), bench.pictures(25, 25)]

    async def camera(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(camera, HOST, 0)
    session = RtspProtocol(RtspClient(parse_url("rtsp://cam1/live"), None), bench.clock, bench.begin)
    host, port = server.sockets[0].getsockname()
    await asyncio.get_running_loop().create_connection(lambda: session, host, port)
    ticks = 0
    while session.bytes_read < sum(map(len, parts)):
        before = session.bytes_read
        for _ in range(500):
            await asyncio.sleep(0)
        assert session.bytes_read - before <= MAX_TICK_BYTES + 2 * BUFFER_BYTES
        bench.clock.advance(500_000)
        session.tick(bench.clock.mono_us())
        ticks += 1
    await over.wait()
    session.close()
    server.close()
    await server.wait_closed()
    assert ticks >= FLOOD_BYTES // MAX_TICK_BYTES
    assert bench.stored() == EXPECTED


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "the loop of the roles"])
def test_flood_is_read_in_portions_and_the_pictures_behind_it_come(run: Callable[..., None]) -> None:
    run(_flooded())
