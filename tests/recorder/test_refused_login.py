"""A password that a camera refuses is tried less and less often, since cameras lock accounts; a new one at once."""

import asyncio
from itertools import pairwise

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp import source
from recorder.shard import TICK_S, Shard
from recorder.status import ShardSettings, State
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink

WRONG, RIGHT = ("ville", "wr0ng-one"), ("ville", "r1ght-one")


class Door:
    """A camera that opens to nobody, and the shard that knocks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cause: Cause = Cause.UNAUTHORIZED) -> None:
        self.clock, self.stop = SimClock(), Stop()
        self.logins = {"cam1": WRONG}
        self.tries: list[tuple[int, str | None]] = []
        self._cause = cause
        monkeypatch.setattr(source, "open_session", self._knock)
        entries = [CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0, "cam1")]
        self.shard = Shard(
            entries,
            lambda name: self.logins[name],
            MemorySink(),
            MemoryEvents(),
            self.clock,
            ShardSettings(),
            is_synchronised=lambda: True,
        )

    async def _knock(self, _url: object, credentials: object, *_: object, **__: object) -> None:
        self.tries.append((self.clock.mono_us(), getattr(credentials, "password", None)))
        raise CameraUnreachable(self._cause)

    async def pass_seconds(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.clock.advance(round(TICK_S * US_PER_SECOND))
            for _ in range(12):
                await asyncio.sleep(0)


async def test_refused_password_is_tried_after_one_minute_then_two_and_never_more_often_than_every_sixteen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = Door(monkeypatch)
    task = asyncio.create_task(door.shard.run(door.stop))
    await door.pass_seconds(70 * 60)
    door.stop.set()
    await task
    minutes = [round((after - before) / 60 / US_PER_SECOND) for (before, _), (after, _) in pairwise(door.tries)]
    assert minutes == [1, 2, 4, 8, 16, 16, 16]


@pytest.mark.parametrize("cause", [Cause.UNAUTHORIZED, Cause.NO_SECRET])
async def test_login_that_was_changed_is_tried_at_once(cause: Cause, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, cause)
    if cause is Cause.NO_SECRET:
        door.logins.clear()
    task = asyncio.create_task(door.shard.run(door.stop))
    await door.pass_seconds(20 * 60)
    assert door.shard.status()[0].state is State.WAITING
    door.logins["cam1"] = RIGHT
    await door.pass_seconds(2 * TICK_S)
    assert door.tries[-1][1] == RIGHT[1]
    assert door.clock.mono_us() - door.tries[-1][0] <= 2 * TICK_S * US_PER_SECOND
    if cause is Cause.UNAUTHORIZED:  # and the new one, refused as well, as the first one was
        tries = len(door.tries)
        await door.pass_seconds(59)
        assert len(door.tries) == tries
        await door.pass_seconds(2)
        assert len(door.tries) == tries + 1
    door.stop.set()
    await task
