"""The watch: asks every role how it is, and tells people what is wrong (docs/design/alarms.md)."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from config.model import Settings
from nvr.app.peers import role_uids
from nvr.app.process import main
from nvr.app.watch.channels import channels_of
from nvr.app.watch.look import Looker
from nvr.app.watch.memory import Memory, MemoryLost, load
from nvr.app.watch.watchman import Watchman
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.wire import Handler, Server

_log: Final = logging.getLogger(__name__)


async def run(settings: Settings, _shard: int, stop: Stop, ready: Callable[[], None]) -> None:
    """Watch until the stop. It needs none of the others, and none of them needs it.

    Raises:
        ConfigError: its socket can not be used.
    """
    clock = SystemClock()
    channels = channels_of(settings.alarm)
    if not channels:
        _log.warning("no channel in [alarm]: nobody is told what happens")
    looker = Looker(settings, clock)
    memory = await asyncio.to_thread(_remembered, settings)
    watchman = Watchman(settings, clock, looker, channels, memory)
    callers = await asyncio.to_thread(role_uids)
    try:
        async with Server(settings.paths.watch_socket, watch_handlers(watchman), allowed_uids=callers):
            ready()
            await watchman.run(stop)
    finally:
        looker.probes.close()


def watch_handlers(watchman: Watchman) -> Mapping[str, Handler]:
    """The calls of the watch's socket (docs/design/processes.md "Sockets")."""

    async def status(_: dict[str, Any]) -> object:
        return watchman.status()

    async def test(args: dict[str, Any]) -> object:
        names = _names(args, watchman)
        outcomes = await asyncio.gather(*(watchman.test(name) for name in names))
        answer: list[dict[str, Json]] = [
            {"channel": name, "sent": each.is_sent, "cause": each.cause, "detail": each.detail or None}
            for name, each in zip(names, outcomes, strict=True)
        ]
        return answer

    return {"status": status, "test": test}


def _names(args: Mapping[str, Any], watchman: Watchman) -> list[str]:
    """The channels that are meant. Raises InvalidValue: there is none of that name."""
    wanted = args.get("channel")
    if wanted is None:
        return list(watchman.lines)
    if wanted not in watchman.lines:
        expected = ", ".join(watchman.lines) or "a channel of [alarm]: there is none"
        raise InvalidValue(field="channel", value=str(wanted)[:64], expected=expected)
    return [str(wanted)]


def _remembered(settings: Settings) -> Memory:
    try:
        return load(settings.paths.watch)
    except (MemoryLost, OSError) as error:
        _log.warning("everything that stands is told again: %s", error)
        return Memory()


if __name__ == "__main__":
    raise SystemExit(main("watch", run, holds_keys=True))
