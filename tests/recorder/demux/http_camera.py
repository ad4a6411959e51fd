"""An HTTP camera on loopback, of which a test says what it answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.recorder.city import Ticking

BASIC: Final = 'Basic realm="c"'


def plain(kind: str) -> bytes:
    """The head of an answer with a body of this kind that goes on until the connection ends."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()


@asynccontextmanager
async def http_server(
    answer: bytes,
    body: bytes = b"",
    *,
    rate_s: float = 0.01,
    size: int = 1316,
    asks: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP camera on loopback: one answer for all, its body piece by piece; the heads of requests as they came.

    One that `asks` sends this challenge until it gets an answer.
    """
    heads: list[bytes] = []
    clock = Ticking()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            return
        if asks is not None and b"Authorization" not in heads[-1]:
            writer.write(f"HTTP/1.1 401 No\r\nWWW-Authenticate: {asks}\r\nContent-Length: 0\r\n\r\n".encode())
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
