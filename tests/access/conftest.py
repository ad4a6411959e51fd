from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.access.opened import Opened
from tests.access.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def town(world: World) -> World:
    await world.town()
    return world


@pytest.fixture
async def opened(world: World) -> Opened:
    return await Opened.begin(world)
