from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
async def register(path: Path, ledger: MemoryLedger) -> AsyncIterator[Register]:
    register = await Register.open(path, ledger)
    yield register
    await register.close()
