"""The town, started, and one whose footage is due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from storage.sealing import SealedSegment
from tests.storage.keeping import destroying
from tests.storage.keeping.evidence import EvidenceTown
from tests.storage.keeping.mended import Bendable
from tests.storage.keeping.town import Town

T = TypeVar("T", bound=Town)


@pytest.fixture(scope="session")
def due_footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with footage that is due, to be copied: making it takes longest."""
    directory = tmp_path_factory.mktemp("due")
    asyncio.run(destroying.make(directory / "town"))
    return directory / "town"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with _running(await asyncio.to_thread(Town, tmp_path)) as town:
        yield town


@pytest.fixture
async def footage(town: Town) -> list[SealedSegment]:
    """Four segments that the ledger knows, opened before the clock's minute."""
    return await _recorded(town)


@pytest.fixture
async def evidence_town(tmp_path: Path) -> AsyncIterator[EvidenceTown]:
    async with _running(await asyncio.to_thread(EvidenceTown, tmp_path)) as town:
        yield town


@pytest.fixture
async def held(evidence_town: EvidenceTown) -> list[SealedSegment]:
    """As `footage`; the last two of the four are held: one ends as the other begins."""
    recorded = await _recorded(evidence_town)
    await evidence_town.hold(recorded[-1])
    return recorded


@asynccontextmanager
async def _running(town: T) -> AsyncIterator[T]:
    await town.keeper.start()
    await town.keeper.take_up()
    yield town
    await town.keeper.close()


async def _recorded(town: Town) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, 4)
    town.clock.advance(60_000_000)
    await town.tell(recorded)
    return recorded


@pytest.fixture
async def bendable(evidence_town: EvidenceTown, held: list[SealedSegment]) -> Bendable:
    """The first of the two that are held; both lie twice."""
    await evidence_town.pass_()
    return Bendable(evidence_town, held[2])
