"""The town, started."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.keeping.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    await town.keeper.start()
    yield town
    await town.keeper.close()
