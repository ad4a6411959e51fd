"""A system with footage, a register and a medium."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.backup.system import System, account


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    system = await asyncio.to_thread(System, tmp_path)
    await system.town.keeper.start()
    register = await system.register()
    await register.act(lambda _: [account("j.martin")])
    await register.close()
    yield system
    await system.town.keeper.close()
