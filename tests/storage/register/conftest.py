from collections.abc import AsyncIterator

import pytest

from config.database import Location
from nvr.base.clock import SimClock
from storage.register.register import Register
from tests.storage.register.keeper import MemoryLedger


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def ledger(clock: SimClock) -> MemoryLedger:
    return MemoryLedger(clock)


@pytest.fixture
async def register(location: Location, ledger: MemoryLedger) -> AsyncIterator[Register]:
    register = await Register.open(location, ledger)
    yield register
    await register.close()
