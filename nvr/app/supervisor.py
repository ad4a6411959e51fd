"""`nvr run`: the roles as children, each restarted alone, all ended together by the stop and by nothing else.

The keeper ends last, so that it takes in what the recorders say while they stop.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from config.model import Settings
from nvr.app.child import Child, ChildPlan, first_done
from nvr.app.commands import Role, role_command
from nvr.app.shards import recorder_sockets
from nvr.base.clock import Clock
from nvr.base.stop import Stop

_LOOK_S: Final = 1.0
KEEPER_STARTING_S: Final = 900.0
"""It makes an index anew that is not there before it answers: minutes. One that were killed meanwhile would never
come to its end; recording does not wait for it.
"""

_log: Final = logging.getLogger(__name__)


def plans(settings: Settings, file: Path) -> tuple[ChildPlan, ...]:
    """One child per role and shard; the keeper first. Blocking: it reads the camera snapshot."""
    paths = settings.paths

    def plan(role: Role, socket: Path, shard: int = 0) -> ChildPlan:
        return ChildPlan(socket.stem, role_command(role, file, shard=shard, supervised=True), socket)

    return (
        replace(plan(Role.KEEPER, paths.keeper_socket), starting_s=KEEPER_STARTING_S),
        *(plan(Role.RECORDER, socket, shard) for shard, socket in recorder_sockets(settings).items()),
        plan(Role.ACCESS, paths.access_socket),
        plan(Role.WATCH, paths.watch_socket),
    )


class Supervisor:
    """Runs the children of some plans; the first is started first and ended last.

    `plans` is asked again every second, in a thread: a child that it names for the first time is started. None is ended
    before the stop, since a shard without cameras costs nothing.
    """

    def __init__(self, plans: Callable[[], Sequence[ChildPlan]], clock: Clock) -> None:
        self._plans = plans
        self._clock = clock
        self._children: dict[str, Child] = {}

    async def run(self, stop: Stop) -> int:
        """Keep all until the stop, then end them in order; the exit code is the worst of theirs."""
        last_stop = Stop()
        first, *others = await asyncio.to_thread(self._plans)
        keeper = asyncio.create_task(self._child(first).keep(last_stop))
        async with asyncio.TaskGroup() as group:
            kept = [group.create_task(self._child(plan).keep(stop)) for plan in others]
            while not stop.is_set():
                await first_done(stop.wait(), self._clock.sleep(_LOOK_S))
                wanted = [] if stop.is_set() else await asyncio.to_thread(self._plans)
                new = [plan for plan in wanted if plan.name not in self._children]
                kept += [group.create_task(self._child(plan).keep(stop)) for plan in new]
        last_stop.set()
        return max(0, *(task.result() for task in kept), await keeper)

    def _child(self, plan: ChildPlan) -> Child:
        child = self._children[plan.name] = Child(plan, self._clock)
        return child

    def kill(self) -> None:
        """End every child at once."""
        for child in self._children.values():
            child.kill()


async def supervise(settings: Settings, file: Path, clock: Clock) -> int:
    """Run all roles until SIGTERM or SIGINT; the second of these ends them at once."""
    stop = Stop()
    supervisor = Supervisor(partial(plans, settings, file), clock)

    def on_signal() -> None:
        if stop.is_set():
            _log.warning("second signal: ending at once")
            supervisor.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return await supervisor.run(stop)
