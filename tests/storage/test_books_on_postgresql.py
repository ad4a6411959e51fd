"""The keeper with its index on a server that dies, comes back, and has room for one keeper only."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database_faults import DatabaseInUse
from storage.index.database import IndexUnavailable
from storage.index.tables import SegmentState
from storage.index.writer import Index
from tests.storage.keeping.town import Town
from tests.storage.ledger.samples import hold, uuid
from tools.postgresql_server import Server

pytestmark = pytest.mark.system("postgresql")


@pytest.fixture
async def town(tmp_path: Path, postgresql: Server) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    town.settings = dataclasses.replace(town.settings, index_schema=postgresql.fresh("scelle_index"))
    town.keeper = town.new_keeper()
    await town.keeper.start()
    yield town
    await town.keeper.close()


async def turn(town: Town) -> str | None:
    """A turn of the keeper; the fault that its status then shows."""
    await town.keeper._survive("ingest", town.keeper._ingest_round)
    return (await town.keeper.status()).faults.get("ingest")


async def test_server_that_dies_is_a_fault_until_it_is_back_and_costs_nothing(town: Town, postgresql: Server) -> None:
    assert await turn(town) is None
    await asyncio.to_thread(postgresql.kill)
    try:
        segments = await asyncio.to_thread(town.record, 3)
        await asyncio.to_thread(town.write_spool, town.boot(), segments)
        told = await turn(town)
        assert told is not None
        assert "index-unavailable" in told
        # A recorder needs no database, and what it told waits in its spool.
        assert len(segments) == 3
        assert await asyncio.to_thread(lambda: list(town.settings.spools.rglob("*.spool")))
    finally:
        await asyncio.to_thread(postgresql.start)
    assert await turn(town) is None
    assert (await town.keeper.status()).index_size == 5
    assert [(await town.row(one.segment)).state for one in segments] == [SegmentState.SEALED] * 3


async def test_server_that_restarts_between_two_turns_is_not_even_noticed(town: Town, postgresql: Server) -> None:
    assert await turn(town) is None
    await asyncio.to_thread(postgresql.kill)
    await asyncio.to_thread(postgresql.start)
    assert await turn(town) is None


async def test_hold_that_the_index_could_not_take_is_in_it_when_the_server_is_back(
    town: Town, postgresql: Server
) -> None:
    await asyncio.to_thread(postgresql.kill)
    try:
        with pytest.raises(IndexUnavailable):
            await town.act(hold())
    finally:
        await asyncio.to_thread(postgresql.start)
    assert await turn(town) is None
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]


@pytest.mark.usefixtures("impatient")
async def test_second_keeper_of_one_index_is_refused(town: Town, tmp_path: Path) -> None:
    other = await asyncio.to_thread(Town, tmp_path / "other")
    other.settings = dataclasses.replace(other.settings, index_schema=town.settings.index_schema)
    second = other.new_keeper()
    with pytest.raises(DatabaseInUse):
        await second.start()
    await second.close()
    await turn(town)
    assert (await town.keeper.status()).faults == {}


async def test_damaged_index_is_set_aside_and_made_anew(town: Town, postgresql: Server) -> None:
    await town.act(hold())
    await town.keeper.close()
    place = town.settings.index_schema
    assert place is not None
    await asyncio.to_thread(postgresql.sql, f"DROP TABLE {place.schema}.alembic_version")
    town.keeper = town.new_keeper()
    await town.keeper.start()
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]
    aside = f"SELECT count(*) FROM {place.schema}_damaged_{town.clock.utc_us()}.hold_scope"
    assert await asyncio.to_thread(postgresql.sql, aside) == "1"


async def test_rebuilt_index_has_the_holds_again(town: Town) -> None:
    await town.act(hold())
    await town.keeper.close()
    town.keeper = town.new_keeper()
    await town.keeper.start(rebuild_index=True)
    assert [one.hold for one in await town.keeper.books.ask(Index.holds)] == [uuid(0x500)]
