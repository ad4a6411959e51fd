import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import pytest
from sqlalchemy import delete

from config.database import Location
from nvr.base.clock import SimClock
from storage.register.database import open_database
from storage.register.register import Register
from storage.register.tables import Table
from tests.storage.register.keeper import MemoryLedger

EmptyRegister: TypeAlias = Callable[[int], Location]


@pytest.fixture(scope="session")
def empty_register(new_location: Callable[[], Location]) -> EmptyRegister:
    """Gives the same register each time for the same number, emptied: making one takes longer than most examples."""
    places: dict[int, Location] = {}

    def emptied(number: int) -> Location:
        if number not in places:
            places[number] = new_location()
        engine = open_database(places[number])
        with engine.begin() as connection:
            for table in reversed(Table.metadata.sorted_tables):
                connection.execute(delete(table))
        engine.dispose()
        return places[number]

    return emptied


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def ledger(clock: SimClock) -> MemoryLedger:
    return MemoryLedger(clock)


@pytest.fixture
async def register(empty_register: EmptyRegister, ledger: MemoryLedger) -> AsyncIterator[Register]:
    register = await Register.open(await asyncio.to_thread(empty_register, 0), ledger)
    yield register
    await register.close()
