"""What a backup would copy is counted, wherever it is."""

import asyncio

import pytest

from storage.backup.folder import sets_in
from storage.backup.planning import plan
from tests.storage.backup.system import System


async def test_plan_counts_every_part_and_writes_nothing(system: System) -> None:
    before = await asyncio.to_thread(plan, system.layout, system.medium)
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    found = await asyncio.to_thread(plan, system.layout, system.medium)
    keys = next(system.town.recorder.places[0].glob("*/*.keys")).stat().st_size
    parts = (system.layout.ledger, system.layout.settings.paths.register)
    assert (before.key_files, found.key_files) == (0, 1)
    assert found.bytes >= sum(part.stat().st_size for part in parts) + keys
    assert await asyncio.to_thread(sets_in, system.medium) == []


@pytest.mark.system("postgresql")
async def test_plan_counts_the_rows_on_the_server(served: System) -> None:
    ledger = served.layout.ledger.stat().st_size
    assert (await asyncio.to_thread(plan, served.layout, served.medium)).bytes > ledger + 100_000
