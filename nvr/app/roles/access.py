"""Access: people's acts, release, export, HTTP (docs/design/processes.md "Start and stop")."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from access.http.app import make_app
from access.http.server import serve
from config.model import Settings
from nvr.app.access_parts import AccessParts, access_handlers, compose
from nvr.app.disk import disk_refusals
from nvr.app.keeper_client import KeeperClient
from nvr.app.process import main
from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import NvrError, Retryable
from nvr.base.stop import Stop
from nvr.base.wire import Client, Server
from storage.register.register import Register

T = TypeVar("T")

_RETRY_S: Final = 0.5
_HOUSEKEEPING_S: Final = 30.0
_log: Final = logging.getLogger(__name__)


async def run(settings: Settings, _shard: int, stop: Stop, ready: Callable[[], None]) -> None:
    """Serve until the stop. It begins when the keeper answers: without the ledger there is no act.

    Raises:
        ConfigError: a key or the register can not be used.
    """
    clock = SystemClock()
    async with Client(settings.paths.keeper_socket) as socket:
        keeper = KeeperClient(socket)
        register = await _once_kept(stop, clock, lambda: Register.open(settings.register_location, keeper))
        if register is None:
            return
        try:
            parts = await _once_kept(stop, clock, lambda: compose(settings, keeper, register, clock))
            if parts is not None:
                await _serve(settings, parts, clock, stop, ready)
        finally:
            await register.close()


async def _serve(settings: Settings, parts: AccessParts, clock: Clock, stop: Stop, ready: Callable[[], None]) -> None:
    await _housekeep_once(parts)
    app = make_app(parts.views.view, zone=ZoneInfo(settings.system.timezone))
    async with (
        asyncio.TaskGroup() as group,
        Server(settings.paths.access_socket, access_handlers(parts)),
    ):
        group.create_task(serve(app, settings.access, clock, stop))
        housekeeping = group.create_task(_housekeep(parts, clock))
        ready()
        await stop.wait()
        housekeeping.cancel()


async def _housekeep(parts: AccessParts, clock: Clock) -> None:
    while True:
        await clock.sleep(_HOUSEKEEPING_S)
        await _housekeep_once(parts)


async def _housekeep_once(parts: AccessParts) -> None:
    await _survive("housekeeping", parts.grants.housekeep)
    await _survive("refusals", parts.service.housekeep)
    await _survive("staging", parts.handover.housekeep)
    await _survive("publication", parts.publisher.publish)


async def _survive(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do the work; an error that somebody is meant to act on is logged, and the next turn tries again."""
    try:
        with disk_refusals():
            await work()
    except NvrError as error:
        _log.warning("%s: %s", name, error)


async def _once_kept(stop: Stop, clock: Clock, work: Callable[[], Awaitable[T]]) -> T | None:
    """The answer of the work, as soon as keeper and register answer; None when the stop comes first."""
    told = False
    while not stop.is_set():
        try:
            with disk_refusals():
                return await work()
        except Retryable as error:
            if not told:
                _log.warning("waiting: %s", error)
                told = True
            await clock.sleep(_RETRY_S)
    return None


if __name__ == "__main__":
    raise SystemExit(main("access", run, holds_keys=True))
