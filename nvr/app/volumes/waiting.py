"""Waiting until the recorders have taken up what the configuration says of a volume now."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from config.model import Settings
from nvr.app.index_port import RecorderStates
from nvr.app.shards import recorder_sockets
from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND

WAIT_S: Final = 30.0
_LOOK_S: Final = 0.5

IsDone = Callable[[Mapping[str, Any] | None], bool]
"""Judges what one recorder says of the volume; None: it does not list it."""


async def recorders_left(settings: Settings, path: Path, is_done: IsDone, clock: Clock) -> list[int]:
    """Wait until every recorder that answers has done it, for 30 s; the shards that have not, or do not answer."""
    states = RecorderStates(partial(recorder_sockets, settings))
    deadline_us = clock.mono_us() + int(WAIT_S * US_PER_SECOND)
    while True:
        answers = await states.by_shard()
        waiting = [shard for shard, each in answers.items() if each is not None and not is_done(_told(each, path))]
        if not waiting or clock.mono_us() >= deadline_us:
            return sorted([*waiting, *(shard for shard, each in answers.items() if each is None)])
        await clock.sleep(_LOOK_S)


def takes(told: Mapping[str, Any] | None) -> bool:
    """It takes footage, or would if there were room."""
    return told is not None and told.get("state") in ("in-service", "full")


def is_left(told: Mapping[str, Any] | None) -> bool:
    """Nothing grows there and nothing new will."""
    return told is None or (told.get("state") not in ("in-service", "full") and not told.get("growing"))


def _told(answer: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    return next((each for each in answer.get("volumes", ()) if each.get("path") == str(path)), None)


def wait(settings: Settings, path: Path, is_done: IsDone, clock: Clock) -> list[int]:
    """The same for a command. Blocking."""
    return asyncio.run(recorders_left(settings, path, is_done, clock))
