"""`nvr run`: the roles as children, each restarted alone, all ended together by the stop and by nothing else.

The keeper ends last, so that it takes in what the recorders say while they stop.
"""

import asyncio
import logging
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.model import Settings
from nvr.app.child import Child, ChildPlan
from nvr.app.commands import Role, role_command
from nvr.base.clock import Clock
from nvr.base.stop import Stop

_log: Final = logging.getLogger(__name__)


def plans(settings: Settings, file: Path) -> tuple[ChildPlan, ...]:
    """One child per role and shard; the keeper first."""
    paths = settings.paths

    def plan(role: Role, socket: Path, shard: int = 0) -> ChildPlan:
        return ChildPlan(socket.stem, role_command(role, file, shard=shard, supervised=True), socket)

    return (
        plan(Role.KEEPER, paths.keeper_socket),
        *(plan(Role.RECORDER, paths.recorder_socket(shard), shard) for shard in range(settings.recorder.shards)),
        plan(Role.ACCESS, paths.access_socket),
    )


class Supervisor:
    """Runs the children of some plans; the first is started first and ended last."""

    def __init__(self, children: Sequence[ChildPlan], clock: Clock) -> None:
        self._children = [Child(plan, clock) for plan in children]

    async def run(self, stop: Stop) -> int:
        """Keep all until the stop, then end them in order; the exit code is the worst of theirs."""
        last_stop = Stop()
        first, *others = self._children
        keeper = asyncio.create_task(first.keep(last_stop))
        codes = await asyncio.gather(*(child.keep(stop) for child in others))
        await stop.wait()
        last_stop.set()
        return max(0, *codes, await keeper)

    def kill(self) -> None:
        """End every child at once."""
        for child in self._children:
            child.kill()


async def supervise(settings: Settings, file: Path, clock: Clock) -> int:
    """Run all roles until SIGTERM or SIGINT; the second of these ends them at once."""
    stop = Stop()
    supervisor = Supervisor(plans(settings, file), clock)

    def on_signal() -> None:
        if stop.is_set():
            _log.warning("second signal: ending at once")
            supervisor.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return await supervisor.run(stop)
