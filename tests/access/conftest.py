import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nvr.base.clock import SimClock
from storage.ledger.service import LedgerService
from storage.ledger.store import create_ledger
from storage.register.register import Register
from tests.access.opened import Opened
from tests.access.world import NOW_UTC_US, ORIGIN, Keeper, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = SimClock(NOW_UTC_US)
    await asyncio.to_thread(create_ledger, tmp_path / "ledger", ORIGIN, clock.utc_us())
    service = LedgerService(tmp_path / "ledger", ORIGIN, clock)
    await service.start()
    keeper = Keeper(service)
    register = await Register.open(tmp_path / "register" / "register.db", keeper)
    world = World(tmp_path, clock, keeper, register)
    await world.compose()
    yield world
    await world.register.close()
    await service.close()


@pytest.fixture
async def town(world: World) -> World:
    await world.town()
    return world


@pytest.fixture
async def opened(world: World) -> Opened:
    return await Opened.begin(world)
