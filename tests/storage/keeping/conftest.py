"""The town, started, and one whose footage is due."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sealing import SealedSegment
from tests.storage.keeping import destroying
from tests.storage.keeping.evidence import EvidenceTown
from tests.storage.keeping.mended import Bendable
from tests.storage.keeping.town import Town


@pytest.fixture(scope="session")
def due_footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with footage that is due, to be copied: making it takes longest."""
    directory = tmp_path_factory.mktemp("due")
    asyncio.run(destroying.make(directory / "town"))
    return directory / "town"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    await town.keeper.start()
    await town.keeper.take_up()
    yield town
    await town.keeper.close()


@pytest.fixture
async def footage(town: Town) -> list[SealedSegment]:
    """Four segments that the ledger knows, opened before the clock's minute."""
    recorded = await asyncio.to_thread(town.record, 4)
    town.clock.advance(60_000_000)
    await town.tell(recorded)
    return recorded


@pytest.fixture
async def evidence_town(tmp_path: Path) -> AsyncIterator[EvidenceTown]:
    town = await asyncio.to_thread(EvidenceTown, tmp_path)
    await town.keeper.start()
    await town.keeper.take_up()
    yield town
    await town.keeper.close()


@pytest.fixture
async def held(evidence_town: EvidenceTown) -> list[SealedSegment]:
    """Four segments that the ledger knows, the last two of them held: one ends as the other begins."""
    recorded = await asyncio.to_thread(evidence_town.record, 4)
    evidence_town.clock.advance(60_000_000)
    await evidence_town.tell(recorded)
    await evidence_town.hold(recorded[-1])
    return recorded


@pytest.fixture
async def bendable(evidence_town: EvidenceTown, held: list[SealedSegment]) -> Bendable:
    """The first of the two that are held; both lie twice."""
    await evidence_town.pass_()
    return Bendable(evidence_town, held[2])
