"""The page on its socket: there when the address is free, and no reason to end when it is not."""

import asyncio
import socket

import httpx
import pytest
from fastapi import FastAPI

from access.http.server import AddressTaken, HttpServer, serve
from config.model import Access
from nvr.base.clock import SimClock
from nvr.base.stop import Stop


def app() -> FastAPI:
    made = FastAPI(openapi_url=None)

    @made.get("/")
    async def page() -> str:
        return "here"

    return made


def taken_port() -> tuple[socket.socket, Access]:
    holder = socket.create_server(("127.0.0.1", 0))
    return holder, Access(host="127.0.0.1", port=holder.getsockname()[1])


class FreeingClock(SimClock):
    """Whoever waits on it finds the address free afterwards."""

    def __init__(self, holder: socket.socket) -> None:
        super().__init__()
        self.freed = asyncio.Event()
        self._holder = holder

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self._holder.close()
        self.freed.set()


async def answered(access: Access) -> str:
    """What the page says, once somebody listens."""
    transport = httpx.AsyncHTTPTransport(retries=8)
    async with httpx.AsyncClient(trust_env=False, transport=transport) as client:
        return str((await client.get(f"http://{access.host}:{access.port}/")).json())


async def test_address_that_another_program_has_is_named() -> None:
    holder, access = taken_port()
    with holder, pytest.raises(AddressTaken, match=str(access.port)):
        async with HttpServer(app(), access):
            raise AssertionError("it must not serve")


async def test_page_is_served_once_the_address_is_free_and_ends_with_the_stop() -> None:
    holder, access = taken_port()
    clock, stop = FreeingClock(holder), Stop()
    serving = asyncio.create_task(serve(app(), access, clock, stop))
    await asyncio.wait_for(clock.freed.wait(), 20)
    assert await answered(access) == "here"
    stop.set()
    await asyncio.wait_for(serving, 20)
