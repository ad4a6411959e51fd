"""What the tests of crashes start from."""

import asyncio
from pathlib import Path

import pytest

from storage.ledger import people
from tests.storage.keeping.town import Town
from tests.storage.story import GARE, MAIRIE


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer in PostgreSQL does not wait for the first one's end."""
    monkeypatch.setattr("storage.postgresql.LOCK_TIMEOUT_MS", 50)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a keeper that knows the story's cameras: made once, since making databases takes longest."""
    town = Town(tmp_path_factory.mktemp("founded"))
    asyncio.run(_know_cameras(town))
    return town.settings.state


async def _know_cameras(town: Town) -> None:
    await town.keeper.start()
    for camera in (MAIRIE, GARE):
        await town.act(people.Camera(camera=camera, url_hash="0" * 64, shard=0, retention_days=None, retired=False))
    await town.keeper.close()
