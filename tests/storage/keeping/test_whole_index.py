"""A keeper relies on its index for what it destroys only once all of that was read."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nvr.base.stop import Stop
from storage.index.database import IndexDamaged, IndexUnavailable
from storage.index.tables import SegmentState
from storage.index.wholeness import Wholeness
from storage.index.writer import Index
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import hold, uuid
from tests.storage.until import until


@contextmanager
def lasting(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A check that lasts until the event is set, or until it is ended."""
    over = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(Wholeness, "check", lambda _: over.wait(60))
        patch.setattr(Wholeness, "end", lambda _: over.set())
        yield over
        over.set()


async def due(town: Town) -> SealedSegment:
    """A segment whose destruction is in the ledger."""
    (segment,) = await asyncio.to_thread(town.record, 1)
    await town.tell([segment])
    town.clock.advance(40 * DAY_US)
    return segment


async def test_nothing_is_destroyed_or_compared_before_the_index_was_read(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = await due(town)
    (unknown,) = await asyncio.to_thread(town.record, 1, first=7)
    stop = Stop()
    with lasting(monkeypatch) as over:
        running = asyncio.create_task(town.keeper.run(stop))
        for _ in range(5):  # ingest goes on meanwhile
            await until(lambda: town.clock.sleepers == 2)
            town.clock.advance(120_000_000)
        assert (await town.row(segment.segment)).state is SegmentState.SEALED
        assert await town.keeper.books.ask(Index.segment, unknown.segment) is None
        over.set()
        await town.settled()
    assert (await town.row(segment.segment)).state is SegmentState.GONE
    stop.set()
    await running


async def test_stop_does_not_wait_for_the_check(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Stop()
    with lasting(monkeypatch) as over:
        running = asyncio.create_task(town.keeper.run(stop))
        await until(lambda: town.clock.sleepers == 2)
        stop.set()
        await running
        assert over.is_set()


async def test_index_that_lacks_a_page_ends_the_keeper_whose_next_start_makes_it_anew(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks_a_page(_: Wholeness) -> None:
        raise IndexDamaged(file="index.db", why="a page less")

    await town.act(hold())
    monkeypatch.setattr(Wholeness, "check", lacks_a_page)
    with pytest.raises(ExceptionGroup) as error:
        await town.keeper.run(Stop())
    assert error.value.subgroup(IndexDamaged) is not None
    await town.keeper.close()
    folder = town.settings.index.parent
    names = await asyncio.to_thread(lambda: [path.name for path in folder.iterdir()])
    assert names == [f"index.db.damaged-{town.clock.utc_us()}"]
    town.keeper = town.new_keeper()
    await town.keeper.start()
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]


async def test_index_that_the_disk_does_not_give_is_a_fault_until_it_does(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Wholeness) -> None:
        raise IndexUnavailable(file="index.db", why="bad sector")

    segment, stop = await due(town), Stop()
    with monkeypatch.context() as patch:
        patch.setattr(Wholeness, "check", refused)
        running = asyncio.create_task(town.keeper.run(stop))
        await until(lambda: town.clock.sleepers == 3)
        assert "bad sector" in (await town.keeper.status()).faults["index"]
    town.clock.advance(60_000_000)
    await town.settled()
    assert (await town.keeper.status()).faults == {}
    assert (await town.row(segment.segment)).state is SegmentState.GONE
    stop.set()
    await running
