"""A set is read whole, or the part that is not what was written is named."""

import asyncio

import pytest

from storage.backup.age import BackupDamaged
from storage.backup.manifest import KEY_LIST, MANIFEST
from tests.storage.backup.system import System, back, burn


async def test_each_damaged_part_is_named_and_nothing_is_written(system: System) -> None:
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    made = await asyncio.to_thread(system.backup)
    await burn(system)
    for part in [path for path in made.path.rglob("*") if path.is_file()]:
        whole = part.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 1):
            damaged = bytearray(whole)
            damaged[at] ^= 4
            part.write_bytes(damaged)
            with pytest.raises(BackupDamaged, match=part.name):
                await asyncio.to_thread(system.restore)
        part.unlink()
        if part.name not in (KEY_LIST, MANIFEST):
            with pytest.raises(BackupDamaged, match=part.name):
                await asyncio.to_thread(system.restore)
        part.write_bytes(whole)
    assert not (system.town.directory / "state").exists()
    assert (await back(system)).keys.live == 1
