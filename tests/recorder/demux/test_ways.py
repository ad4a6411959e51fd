"""One film over every way: the same access units, the same media times, the same gaps, and no sound."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from nvr.base.units import us_from_ticks
from storage.records import GapCause, RandomAccess
from tests.recorder.city import QUICK, Ticking
from tests.recorder.demux.http_camera import http_server, plain
from tests.recorder.demux.town import free_port, less_sets, town
from tests.recorder.films import FPS, access_units, film

PATIENT = replace(QUICK, connect_timeout_s=20)
FRAMES = 150
DATAGRAM = 7 * 188


def _pace_s(data: bytes) -> float:
    """Between two datagrams, so that the film takes its own time."""
    return FRAMES / FPS / (len(data) / DATAGRAM)


@asynccontextmanager
async def _file(path: Path) -> AsyncIterator[str]:
    yield path.as_uri()


@asynccontextmanager
async def _http(path: Path) -> AsyncIterator[str]:
    data = await asyncio.to_thread(path.read_bytes)
    async with http_server(plain("video/mp2t"), data, size=DATAGRAM, rate_s=_pace_s(data)) as (url, _):
        yield url


@asynccontextmanager
async def _udp(path: Path) -> AsyncIterator[str]:
    data, port, clock = await asyncio.to_thread(path.read_bytes), free_port(), Ticking()

    async def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for at in range(0, len(data), DATAGRAM):
                sender.sendto(data[at : at + DATAGRAM], ("127.0.0.1", port))
                await clock.sleep(_pace_s(data))

    sending = asyncio.create_task(send())
    yield f"udp://127.0.0.1:{port}"
    sending.cancel()


@asynccontextmanager
async def _srt(path: Path) -> AsyncIterator[str]:
    port = free_port()
    target = f"srt://127.0.0.1:{port}?mode=listener&transtype=live"
    command = ("ffmpeg", "-loglevel", "error", "-re", "-i", str(path), "-c", "copy", "-copyts", "-f", "mpegts", target)
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"srt://127.0.0.1:{port}"
    if process.returncode is None:
        process.kill()
    await process.wait()


WAYS = [
    pytest.param(_file, id="file"),
    pytest.param(_http, id="http"),
    pytest.param(_udp, id="udp"),
    pytest.param(_srt, id="srt", marks=pytest.mark.system("ffmpeg", "srt")),
]


@pytest.mark.parametrize("way", WAYS)
async def test_same_access_units_times_and_gaps_whatever_the_way(way: object, tmp_path: Path) -> None:
    assert callable(way)
    path = tmp_path / "film.ts"
    data = await asyncio.to_thread(film, "mpegts", frames=FRAMES, b_frames=2, sound=True)
    await asyncio.to_thread(path.write_bytes, data)
    async with way(path) as url, town(url, settings=PATIENT) as made:
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        run = made.sink.of("cam1")[0].start.run
        await made.end()
    first_run = [segment for segment in made.sink.of("cam1") if segment.start.run == run]
    records = [record for segment in first_run for record in segment.records]
    stored = less_sets(made.units())[: sum(len(record.sizes) for record in records)]
    units = await asyncio.to_thread(access_units, data)
    expected = less_sets([nals for nals, _ in units])
    begin = expected.index(stored[0])
    assert len(stored) > FRAMES // 2
    assert stored == expected[begin : begin + len(stored)]
    times = [record.pts_90k + delta_90k for record in records for delta_90k in record.pts_delta_90k]
    first_90k = units[begin][1] - times[0]
    assert times == [pts_90k - first_90k for _, pts_90k in units[begin : begin + len(stored)]]
    assert {record.random_access for record in records} == {RandomAccess.IDR}
    assert sum(record.lost for record in records) == 0
    starting, ended = made.events.of("cam1")[:2]
    last = records[-1]
    assert (starting.cause, starting.to_utc_us) == (GapCause.SILENT, records[0].start_utc_us)
    assert (ended.cause, ended.from_utc_us) == (GapCause.SILENT, last.start_utc_us + us_from_ticks(last.dur_90k))
    assert all(earlier.start_utc_us < later.start_utc_us for earlier, later in pairwise(records))
