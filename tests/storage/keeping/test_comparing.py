"""Two comparisons at a time tell each difference once."""

import asyncio

from storage.index.tables import SegmentState
from storage.ledger.machine import Missing, Seal
from storage.reconcile import EVERYTHING
from tests.storage.keeping.town import Town


async def test_difference_is_told_once_though_a_check_and_the_keeper_compare_at_the_same_time(town: Town) -> None:
    told, untold = await asyncio.to_thread(lambda: [*town.record(1), *town.record(1, first=7)])
    await town.tell([told])
    await asyncio.to_thread(town.path(told).unlink)
    (volume,) = town.keeper._volumes.in_use.values()
    await asyncio.gather(*(town.keeper._comparing.run(volume, EVERYTHING) for _ in range(3)))
    bodies = await town.logged()
    assert [body.seg for body in bodies if isinstance(body, Missing)] == [told.segment]
    assert [body.seg for body in bodies if isinstance(body, Seal)] == [told.segment, untold.segment]
    assert (await town.row(told.segment)).state is SegmentState.LOST
    assert await town.keeper._comparing.is_known(untold.segment)
