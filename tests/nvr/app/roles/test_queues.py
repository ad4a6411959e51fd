import asyncio
from types import SimpleNamespace
from typing import Any, cast

from nvr.app.roles.recorder import size_queues


async def test_queues_follow_what_all_cameras_of_the_shard_send() -> None:
    expected: list[int] = []
    looks: list[asyncio.Event] = []
    looked = asyncio.Semaphore(0)

    async def sleep(_: float) -> None:
        looks.append(asyncio.Event())
        looked.release()
        await looks[-1].wait()

    shard = SimpleNamespace(bitrate_bps=5_000_000)
    volumes = SimpleNamespace(writers=[SimpleNamespace(expect=expected.append)] * 2)
    parts = SimpleNamespace(shard=shard, volumes=volumes, clock=SimpleNamespace(sleep=sleep))
    sizing = asyncio.create_task(size_queues(cast("Any", parts)))
    await looked.acquire()
    shard.bitrate_bps = 13_000_000
    looks[-1].set()
    await looked.acquire()
    sizing.cancel()
    assert expected == [5_000_000, 5_000_000, 13_000_000, 13_000_000]
