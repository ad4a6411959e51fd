"""The HTTP application on its socket, inside a role that owns the signals."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Final, Self

import uvicorn
from fastapi import FastAPI

from config.model import Access
from nvr.base.errors import ConfigError

_LAST_ANSWERS_S: Final = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: the role stops the server."""
        yield


class HttpServer:
    """Serves while the context is entered; requests under way end before it is left."""

    def __init__(self, app: FastAPI, access: Access) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5
        )
        self._server = _Server(config)
        self._access = access
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: the address can not be used.
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
        where = f"{access.host}:{access.port}"
        raise ConfigError(
            file="access", key="access.port", why=f"can not listen on {where}: {error.strerror}"
        ) from error
