"""The HTTP application on its socket, inside a role that owns the signals."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Final, Self

import uvicorn
from fastapi import FastAPI

from config.model import Access
from nvr.base.clock import Clock
from nvr.base.errors import Retryable
from nvr.base.stop import Stop

_LAST_ANSWERS_S: Final = 5
_RETRY_S: Final = 2.0
_log: Final = logging.getLogger(__name__)


class AddressTaken(Retryable):
    """The configured address can not be listened on now; fields `host`, `port`, `why`."""

    message_id = "http-address-taken"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: the role stops the server."""
        yield


class HttpServer:
    """Serves while the context is entered; requests under way end before it is left."""

    def __init__(self, app: FastAPI, access: Access) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=_LAST_ANSWERS_S
        )
        self._server = _Server(config)
        self._access = access
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            AddressTaken: the address can not be used now.
        """
        listener = await asyncio.to_thread(_listen, self._access)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Listen no more and wait until it has ended."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


def _listen(access: Access) -> socket.socket:
    try:
        return socket.create_server((access.host, access.port))
    except OSError as error:
        raise AddressTaken(host=access.host, port=access.port, why=str(error.strerror)) from error


async def serve(app: FastAPI, access: Access, clock: Clock, stop: Stop) -> None:
    """Serve until the stop; while another program has the address, try again: acts of persons do not need it."""
    told = False
    while not stop.is_set():
        try:
            async with HttpServer(app, access):
                await stop.wait()
        except AddressTaken as error:
            if not told:
                _log.warning("%s", error)
                told = True
            await clock.sleep(_RETRY_S)
