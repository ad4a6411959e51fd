"""No key comes back of footage whose destruction any ledger or place knows, or that is past its deadline."""

import asyncio
import shutil
from pathlib import Path

from storage.backup.manifest import KEY_LIST
from storage.keyring import KeyRef
from tests.storage.backup.system import System, back, burn, hold, keys
from tests.storage.keeping.town import DAY_US
from tests.storage.sealed import NOW_US


async def test_destroyed_footage_has_no_key_after_the_restore_of_an_old_backup(system: System) -> None:
    old = await asyncio.to_thread(system.town.record, 1)
    (held,) = await asyncio.to_thread(system.town.record, 1, start_utc_us=NOW_US + 3_600_000_000)
    await system.town.tell([*old, held])
    register = await system.register()
    await register.act(lambda _: [hold(held)])
    await register.close()
    await asyncio.to_thread(system.backup)
    await burn(system)
    system.town.clock.advance(40 * DAY_US)  # the medium lay in a drawer; what is on the volume should be gone
    report = await back(system)
    assert report.keys.kept_back == 1
    assert await keys(system) == [{held.segment}] * 2
    ref = KeyRef(held.segment, held.start_utc_us, 0)
    assert await asyncio.to_thread(system.town.recorder.keys.find, ref) is not None


async def test_tombstone_of_a_place_that_survived_wins_over_the_backup(system: System) -> None:
    recorded = await asyncio.to_thread(system.town.record, 2)
    await system.town.tell(recorded)
    await asyncio.to_thread(system.backup)
    refs = [KeyRef(recorded[0].segment, recorded[0].start_utc_us, 0)]
    await asyncio.to_thread(system.town.keeper._keyring.shred, refs)
    await burn(system, keep_places=1)
    report = await back(system)
    assert report.keys.kept_back == 1
    assert await keys(system) == [{recorded[1].segment}] * 2


async def test_what_the_ledger_of_the_backup_destroyed_stays_destroyed_with_the_keys_of_an_older_list(
    system: System,
) -> None:
    """The medium was pulled between the newer set and the removal of the older keys."""
    recorded = await asyncio.to_thread(system.town.record, 1)
    await system.town.tell(recorded)
    first = await asyncio.to_thread(system.backup)
    before = system.medium.parent / "keys-before"
    await asyncio.to_thread(shutil.copytree, first.path, before)
    system.town.clock.advance(33 * DAY_US)
    await system.town.keeper.retention_pass()
    system.town.clock.advance(-2 * DAY_US)
    second = await asyncio.to_thread(system.backup)
    for name in (KEY_LIST, "keys"):
        target = second.path / name
        await asyncio.to_thread(shutil.rmtree if target.is_dir() else Path.unlink, target)
        await asyncio.to_thread(shutil.move, before / name, target)
    await burn(system)
    assert (await back(system)).keys.kept_back == 1
    assert await keys(system) == [set(), set()]
