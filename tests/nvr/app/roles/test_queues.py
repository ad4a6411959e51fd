import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from nvr.app.roles.recorder import size_queues
from nvr.base.ids import CameraId
from recorder.status import State
from tests.recorder.fakes import camera_status


async def test_queues_follow_what_all_cameras_of_the_shard_send() -> None:
    sent_bps = [4_000_000, 1_000_000]
    expected: list[int] = []
    looks: list[asyncio.Event] = []
    looked = asyncio.Semaphore(0)

    async def sleep(_: float) -> None:
        looks.append(asyncio.Event())
        looked.release()
        await looks[-1].wait()

    status = camera_status(CameraId("place"), State.RECORDING)
    shard = SimpleNamespace(status=lambda: [replace(status, bitrate_bps=each) for each in sent_bps])
    parts = SimpleNamespace(
        shard=shard, writers=[SimpleNamespace(expect=expected.append)] * 2, clock=SimpleNamespace(sleep=sleep)
    )
    sizing = asyncio.create_task(size_queues(cast("Any", parts)))
    await looked.acquire()
    sent_bps.append(8_000_000)
    looks[-1].set()
    await looked.acquire()
    sizing.cancel()
    assert expected == [5_000_000, 5_000_000, 13_000_000, 13_000_000]
