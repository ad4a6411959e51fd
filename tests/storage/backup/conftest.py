"""A system with footage, a register and a medium."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.storage.backup.system import System, account
from tools.postgresql_server import Server

_NUMBERS = count()


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    system = await asyncio.to_thread(System, tmp_path)
    await system.town.keeper.start()
    register = await system.register()
    await register.act(lambda _: [account("j.martin")])
    await register.close()
    yield system
    await system.town.keeper.close()


@pytest.fixture
def new_database(postgresql: Server) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and says their URLs."""
    made: list[str] = []

    def make() -> str:
        made.append(f"backup_{next(_NUMBERS)}")
        postgresql.sql(f"CREATE DATABASE {made[-1]}")
        return postgresql.url(made[-1])

    yield make
    for name in made:
        postgresql.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def served(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[System]:
    """A system whose register is on a server."""
    system = await asyncio.to_thread(System, tmp_path)
    await asyncio.to_thread(system.move_register, await asyncio.to_thread(new_database))
    await system.town.keeper.start()
    register = await system.register()
    await register.act(lambda _: [account("j.martin")])
    await register.close()
    yield system
    await system.town.keeper.close()
