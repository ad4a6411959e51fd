"""Ledger and index together: a hold that was answered is in the index, and waits for a destruction under way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from storage.books import IndexBehind
from storage.faults import fault_json
from storage.index.database import IndexUnavailable
from storage.index.queries import IndexReader
from storage.index.rows import Progress
from storage.index.writer import Index
from storage.ledger.machine import Missing
from storage.ledger.service import Draft
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import hold, seal, uuid


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    await town.keeper.start()
    yield town
    await town.keeper.close()


def event() -> Draft:
    return Draft(Missing(seg=uuid(1), camera="a", start_utc_us=1, end_utc_us=2, why="x"))


async def test_answered_hold_is_in_the_index(town: Town) -> None:
    await town.act(hold())
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]


async def test_hold_waits_for_a_destruction_and_nothing_else_does(town: Town) -> None:
    books = town.keeper.books
    async with books.destruction:
        waiting = asyncio.create_task(town.act(hold()))
        await books.append([event()])
        assert not waiting.done()
        assert await town.keeper.ledger.size() == 2
    await waiting


async def test_index_that_fell_behind_catches_up_at_the_next_start(town: Town) -> None:
    await town.keeper.ledger.append([event() for _ in range(5)])
    assert (await town.keeper.books.ask(Index.progress)).applied_size == 1
    await town.restart()
    assert (await town.keeper.books.ask(Index.progress)).applied_size == 6
    assert (await town.keeper.books.survey(IndexReader.progress)).applied_size == 6


async def test_damaged_index_is_set_aside_and_made_anew_from_the_ledger(town: Town) -> None:
    await town.act(hold())
    await town.keeper.close()
    path = town.settings.index
    await asyncio.to_thread(path.write_bytes, b"not a database" * 1000)
    town.keeper = town.new_keeper()
    await town.keeper.start()
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]
    aside = await asyncio.to_thread(lambda: [each.name for each in path.parent.glob("index.db.damaged-*")])
    assert aside == [f"index.db.damaged-{town.clock.utc_us()}"]


async def close_with(town: Town, spoil: Callable[[Path], object]) -> None:
    """End a keeper that has heard a recorder, and spoil its index."""
    await town.tell([])
    await town.keeper.close()
    await asyncio.to_thread(spoil, town.settings.index)


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"not a database" * 1000), Path.unlink])
async def test_index_that_was_made_anew_is_told_for_a_week_by_each_keeper(
    town: Town, spoil: Callable[[Path], object]
) -> None:
    await close_with(town, spoil)
    rebuilt_utc_us = town.clock.utc_us()
    await town.restart_closed()
    town.clock.advance(DAY_US)
    await town.restart()
    (fault,) = (await town.keeper.status()).faults.values()
    told = fault_json(fault)
    assert (told["id"], told["fields"]) == ("index-rebuilt", {"rebuilt_utc_us": rebuilt_utc_us})
    town.clock.advance(6 * DAY_US)
    assert (await town.keeper.status()).faults == {}


async def test_new_index_of_a_new_ledger_and_one_that_a_person_asked_for_are_not_told(town: Town) -> None:
    assert (await town.keeper.status()).faults == {}
    await close_with(town, Path.unlink)
    town.keeper = town.new_keeper()
    await town.keeper.start(rebuild_index=True)
    assert (await town.keeper.status()).faults == {}
    await town.restart()
    assert (await town.keeper.status()).faults == {}


async def test_index_that_can_not_follow_is_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.keeper.ledger.append([event()])
    monkeypatch.setattr(Index, "catch_up", lambda index, size, pages: Progress(1, index.progress().ledger_utc_us))
    with pytest.raises(IndexBehind):
        await town.keeper.books.follow()


async def test_rebuilt_index_has_the_holds_again(town: Town) -> None:
    await town.act(hold())
    await town.keeper.close()
    town.keeper = town.new_keeper()
    await town.keeper.start(rebuild_index=True)
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]


def limit_to(index: Index, pages: int) -> None:
    with index._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def test_full_disk_under_the_index_is_somebodys_matter_and_ends_nothing(town: Town) -> None:
    books = town.keeper.books
    await books.ask(limit_to, 1)
    await town.keeper.ledger.append([Draft(seal(number)) for number in range(200)])
    with pytest.raises(IndexUnavailable, match="full"):
        await books.follow()
    await books.ask(limit_to, 1 << 30)
    assert (await books.follow()).applied_size == 201


async def test_fault_of_the_program_in_the_index_stays_one(town: Town) -> None:
    def asks_nonsense(index: Index) -> None:
        with index._engine.connect() as connection:
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with pytest.raises(OperationalError):
        await town.keeper.books.ask(asks_nonsense)
