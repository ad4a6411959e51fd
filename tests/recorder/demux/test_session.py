"""The second source from camera to records, over every way that this machine has."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recorder.demux import session as session_module
from recorder.demux.reader import Arrived
from recorder.status import State
from storage.records import GapCause, RandomAccess
from tests.recorder.certificates import certificate
from tests.recorder.city import Ticking
from tests.recorder.demux.town import less_sets, town
from tests.recorder.films import access_units, film

ASKS = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="c"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'


@pytest.fixture
def address(tmp_path: Path) -> Callable[[bytes], str]:
    def write(data: bytes) -> str:
        path = tmp_path / "film"
        path.write_bytes(data)
        return path.as_uri()

    return write


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        *((container, "libx264") for container in ("mpegts", "mp4", "matroska", "h264")),
        *((container, "libx265") for container in ("mpegts", "mp4", "matroska", "hevc")),
    ],
)
async def test_film_is_stored_as_it_is_in_its_own_time_and_begins_again(
    container: str, codec: str, address: Callable[[bytes], str]
) -> None:
    untimed, h265 = container in ("h264", "hevc"), codec == "libx265"
    data = await asyncio.to_thread(film, container, frames=30, codec=codec, b_frames=0 if untimed else 2)
    url = await asyncio.to_thread(address, data)
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 30)
        await made.until(lambda: made.status.reconnects >= 1)
        await made.end()
    expected = await asyncio.to_thread(access_units, data)
    stored = less_sets(made.units(), h265=h265)
    assert stored[:30] == less_sets([nals for nals, _ in expected], h265=h265)
    records = made.sink.records("cam1")[:3]
    assert [record.random_access for record in records] == [RandomAccess.IDR] * 3
    times = [record.pts_90k + delta_90k for record in records for delta_90k in record.pts_delta_90k]
    if not untimed:  # a stream without container has no times of its own: arrival counts
        assert times == [pts_90k - expected[0][1] for _, pts_90k in expected]
    config = made.sink.of("cam1")[0].start.codec
    assert (config.codec[:5], config.width, config.height) == ("hvc1." if h265 else "avc1.", 320, 180)
    assert [gap.detail for gap in made.events.of("cam1")][:2] == ["starting", "closed"]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_transport_stream_over_datagrams_is_recorded_and_its_silence_is_a_gap() -> None:
    port = _free_port()
    data = await asyncio.to_thread(film, "mpegts", frames=200, sound=True)
    async with town(f"udp://127.0.0.1:{port}") as made:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sending = asyncio.create_task(_send(sender, port, data, made.clock))
            await made.sink.until(lambda: made.sink.frames("cam1") >= 60)
            sending.cancel()
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        await made.end()
    starting, silent = made.events.of("cam1")[:2]
    assert starting.to_utc_us is not None
    assert (silent.cause, silent.detail) == (GapCause.SILENT, "stalled")
    assert {segment.start.codec.width for segment in made.sink.of("cam1")} == {320}


async def _send(sender: socket.socket, port: int, data: bytes, clock: Ticking) -> None:
    """At some pictures per look of the clock, over and over."""
    step = 7 * 188
    while True:
        for at in range(0, len(data), step):
            sender.sendto(data[at : at + step], ("127.0.0.1", port))
            await clock.sleep(0.01)


@asynccontextmanager
async def http_server(
    answer: bytes, body: bytes, *, rate_s: float, size: int, asks: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP camera on loopback: one answer for all, its body piece by piece; the heads of requests as they came.

    One that `asks` wants a login first.
    """
    heads: list[bytes] = []
    clock = Ticking()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            return
        if asks and b"Authorization" not in heads[-1]:
            writer.write(ASKS)
            writer.close()
            return
        writer.write(answer)
        try:
            for at in range(0, len(body), size):
                writer.write(body[at : at + size])
                await writer.drain()
                await clock.sleep(rate_s)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/video?x=1", heads


async def test_transport_stream_over_http_is_recorded_with_the_login_it_was_given() -> None:
    data = await asyncio.to_thread(film, "mpegts", frames=100)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n"
    camera = http_server(answer, data, rate_s=0.02, size=1316, asks=True)
    async with camera as (url, heads), town(url, secret=True) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 90)
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
    assert made.events.of("cam1")[1].detail == "closed"
    assert b"Authorization: Basic dmlsbGU6Z3I0c3NoMHBwZXI=" in heads[1]
    assert b"gr4ssh0pper" not in b"".join(heads)


@pytest.mark.parametrize(
    ("status", "cause"),
    [("401 Unauthorized", "unauthorized"), ("404 Not Found", "not-found"), ("503 Busy", "rejected")],
)
async def test_answer_of_an_http_camera_is_named(status: str, cause: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    async with http_server(answer, b"", rate_s=0, size=1) as (url, _), town(url) as made:
        await made.until(lambda: made.status.cause == cause)
        assert made.status.state in (State.WAITING, State.CONNECTING)


async def test_loop_that_falls_behind_is_a_gap_of_that_cause_and_memory_stays_bounded(
    address: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await asyncio.to_thread(film, "mpegts", frames=400)
    url = await asyncio.to_thread(address, data)
    told = session_module.DemuxSession._take

    def late(session: session_module.DemuxSession, item: object) -> int:
        # As if the queue had been full before the 40th picture: see test_reader.py for the full queue itself.
        assert isinstance(item, Arrived)
        seen.append(item)
        if len(seen) == 40:
            item = Arrived(item.arrival_mono_us, item.timestamp, item.data, corrupt=False, missed=True)
        return told(session, item)

    seen: list[Arrived] = []

    def taking(session: session_module.DemuxSession, item: object) -> int:
        return late(session, item) if isinstance(item, Arrived) else told(session, item)  # type: ignore[arg-type]

    monkeypatch.setattr(session_module.DemuxSession, "_take", taking)
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 80)
        await made.end()
    behind = made.events.of("cam1")[1]
    assert behind.cause is GapCause.FELL_BEHIND
    records = made.sink.records("cam1")
    ends = next(at for at, record in enumerate(records) if record.start_utc_us >= (behind.to_utc_us or 0))
    assert records[ends].random_access is RandomAccess.IDR
    assert sum(len(record.sizes) for record in records[:ends]) == 39


async def test_stop_ends_the_thread_of_a_session_that_plays(address: Callable[[bytes], str]) -> None:
    url = await asyncio.to_thread(address, await asyncio.to_thread(film, "mp4", frames=500))
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 20)
        session = made.worker._session
        assert isinstance(session, session_module.DemuxSession)
        await made.end()
    assert session._reader.over
    assert made.source.abandoned == 0
    assert [gap.cause for gap in made.events.of("cam1")] == [GapCause.SILENT, GapCause.STOPPED]


async def test_coding_that_can_not_be_stored_is_named(address: Callable[[bytes], str]) -> None:
    url = await asyncio.to_thread(address, await asyncio.to_thread(film, "mpegts", codec="mpeg2video"))
    async with town(url) as made:
        await made.until(lambda: made.status.cause == "unsupported-codec")


async def test_motion_jpeg_is_refused_by_name_since_it_could_not_be_handed_over() -> None:
    data = await asyncio.to_thread(film, "mpjpeg", codec="mjpeg")
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=ffmpeg\r\n\r\n"
    async with http_server(answer, data, rate_s=0.01, size=1316) as (url, _), town(url) as made:
        await made.until(lambda: made.status.cause == "unsupported-codec")
        assert made.sink.frames("cam1") == 0


@pytest.mark.parametrize("trusted", [True, False])
async def test_encrypted_camera_is_recorded_only_when_its_certificate_is_trusted(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await asyncio.to_thread(certificate, tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    data = await asyncio.to_thread(film, "mpegts", frames=60)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n"
    async with http_server(answer, data, rate_s=0.01, size=1316, tls=tls) as (url, heads), town(url) as made:
        if trusted:
            await made.sink.until(lambda: made.sink.frames("cam1") >= 20)
        else:
            await made.until(lambda: made.status.cause == "unreachable")
            assert not heads


async def test_login_is_not_given_to_the_host_that_a_redirect_names() -> None:
    other = http_server(b"", b"", rate_s=0, size=1, asks=True)
    async with other as (elsewhere, heads):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        camera = http_server(moved.encode(), b"", rate_s=0, size=1, asks=True)
        async with camera as (url, known), town(url, secret=True) as made:
            await made.until(lambda: made.status.cause == "unauthorized")
    assert b"Authorization" in known[1]
    assert heads
    assert b"Authorization" not in b"".join(heads)
