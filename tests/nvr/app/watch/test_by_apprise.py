"""Apprise, in a process of its own: what its addresses hold is told nowhere."""

import asyncio
import json

import pytest

from nvr.app.watch.sending import Outcome, run_sender
from nvr.base.modules import module_command

pytest.importorskip("apprise", reason="the extra is not installed: pip install scelle[apprise]")
TOKEN = "hunter22token"


async def over(urls: list[str]) -> Outcome:
    command = module_command("nvr.app.watch.by_apprise")
    return await run_sender(command, {"urls": urls, "subject": "S", "body": "é"}, timeout_s=50)


async def test_message_reaches_a_service_and_one_that_is_away_is_counted() -> None:
    bodies: list[dict[str, str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length:")[2].split()[0])
        bodies.append(json.loads(await reader.readexactly(size)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"json://u:{TOKEN}@127.0.0.1:{port}/"
        assert await over([url]) == Outcome("ok")
        assert await over([url, f"json://u:{TOKEN}@127.0.0.1:1/"]) == Outcome("ok", "1 / 2")
    assert [(each["title"], each["message"]) for each in bodies] == [("S", "é")] * 2


@pytest.mark.parametrize("url", [f"json://u:{TOKEN}@127.0.0.1:1/", f"no-such-service://{TOKEN}", TOKEN])
async def test_address_that_takes_nothing_is_told_without_its_token(url: str) -> None:
    outcome = await over([url])
    assert outcome == Outcome("refused", "1 / 1")
