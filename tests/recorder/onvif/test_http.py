import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import OnvifAddress
from recorder.onvif.document import MAX_BYTES
from recorder.onvif.http import Answer, post, refusal
from recorder.rtsp.trust import Trust


@asynccontextmanager
async def answering(data: bytes) -> AsyncIterator[tuple[OnvifAddress, list[bytes]]]:
    """A server that reads one request and answers with these bytes, whatever they are."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield OnvifAddress("127.0.0.1", server.sockets[0].getsockname()[1], path="/onvif/x?y"), asked


async def answer_to(data: bytes) -> Answer:
    async with answering(data) as (address, _):
        return await post(address, [("X-Login", "été")], b"<a/>", Trust())


async def test_request_names_host_path_and_length_and_closes() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nok") as (address, asked):
        answer = await post(address, [("X-Login", "été")], b"<a/>", Trust())
    assert (answer.status, answer.body, answer.all("x-a")) == (200, b"ok", ["1", "2"])
    head = asked[0].decode()
    assert head.startswith("POST /onvif/x?y HTTP/1.1\r\n")
    for line in (f"host: 127.0.0.1:{address.port}", "content-length: 4", "connection: close", "x-login: été"):
        assert line in head.lower().split("\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nuntil \r\n7\r\nthe end\r\n0\r\n\r\n",
    ],
)
async def test_answer_is_read_however_its_end_is_told(data: bytes) -> None:
    assert (await answer_to(data)).body == b"until the end"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", Cause.CLOSED),
        (b"RTSP/1.0 200 OK\r\n\r\n", Cause.GARBAGE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Cause.GARBAGE),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, Cause.GARBAGE),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MAX_BYTES + 1), Cause.GARBAGE),
    ],
    ids=["nothing", "rtsp", "half", "long head", "huge"],
)
async def test_answer_that_is_none_is_named(data: bytes, cause: Cause) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        await answer_to(data)
    assert failed.value.cause is cause


async def test_answer_at_the_bound_is_taken() -> None:
    assert len((await answer_to(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MAX_BYTES))).body) == MAX_BYTES


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (200, None),
        (302, Cause.REDIRECTED),
        (401, Cause.UNAUTHORIZED),
        (403, Cause.UNAUTHORIZED),
        (404, Cause.NOT_FOUND),
        (503, Cause.BUSY),
        (500, Cause.REJECTED),
    ],
)
def test_status_is_a_cause(status: int, cause: Cause | None) -> None:
    refused = refusal(status)
    assert (refused.cause if refused else None) is cause
