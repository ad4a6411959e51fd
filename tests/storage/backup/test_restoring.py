"""A restore onto an empty server: everything is back but the keys of what is destroyed, and what is missing is told."""

import asyncio
from pathlib import Path

import pytest

from storage import disk
from storage.backup.age import NotForThisIdentity, identities_of, new_identity
from storage.backup.reading import NoSuchBackup
from storage.backup.restoring import NotEmpty
from storage.index.tables import SegmentState
from storage.register.tables import Account
from tests.storage.backup.system import SECRETS, System, back, burn, keys
from tests.storage.sealed import NOW_US


async def test_everything_is_back_with_its_mode_and_what_is_missing_is_told(system: System) -> None:
    recorded = await asyncio.to_thread(system.town.record, 2)
    await system.town.tell(recorded)
    size = await system.town.keeper.ledger.size()
    await asyncio.to_thread(system.backup)
    later = await asyncio.to_thread(system.town.record, 1, start_utc_us=NOW_US + 60_000_000)
    await system.town.tell(later)
    await burn(system)
    report = await back(system)
    assert (report.ledger_size, report.last_utc_us, report.unknown, report.volumes_out) == (size, NOW_US, {"a": 1}, {})
    assert (report.keys.live, report.keys.kept_back, report.keys.without_key) == (2, 0, 0)
    for name, content in SECRETS.items():
        path = system.layout.files[name]
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (content, 0o600) or name == "logins.json"
    assert await keys(system) == [{one.segment for one in recorded}] * 2
    await system.town.keeper.start()
    assert (await system.town.row(recorded[0].segment)).state is SegmentState.SEALED
    register = await system.register()
    person = await register.read(lambda session: session.get_one(Account, "j.martin").person)
    assert person == "Jeanne j.martin"
    await register.close()
    assert not list(system.town.directory.rglob("restoring.json"))
    assert not system.layout.work.exists()


async def test_another_identity_another_set_and_another_system_are_refused(system: System) -> None:
    await asyncio.to_thread(system.backup)
    with pytest.raises(NotEmpty):
        await asyncio.to_thread(system.restore)
    await burn(system)
    with pytest.raises(NoSuchBackup):
        await asyncio.to_thread(system.restore, "20200101T000000Z")
    right, system.identities = system.identities, identities_of(new_identity()[0])
    with pytest.raises(NotForThisIdentity):
        await asyncio.to_thread(system.restore)
    assert not (system.town.directory / "state").exists()
    system.identities = right
    await back(system)
    with pytest.raises(NotEmpty):
        await asyncio.to_thread(system.restore)


async def test_restore_that_was_cut_short_starts_no_keeper_and_is_run_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = await asyncio.to_thread(system.town.record, 1)
    await system.town.tell(recorded)
    await asyncio.to_thread(system.backup)
    await burn(system)
    real, renames = disk.rename, 0

    def dying(source: Path, target: Path) -> None:
        nonlocal renames
        renames += 1
        if renames == limit:
            raise OSError("killed")
        real(source, target)

    monkeypatch.setattr(disk, "rename", dying)
    limit = 1
    while True:
        renames = 0
        try:
            await asyncio.to_thread(system.restore)
            break
        except OSError:
            assert not system.layout.ledger.exists() or system.layout.restoring.exists()
            limit += 1
    assert limit > 8
    system.town.keeper = system.town.new_keeper()
    assert await keys(system) == [{recorded[0].segment}] * 2
    await system.town.keeper.start()
