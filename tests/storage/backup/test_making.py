"""A backup is whole or none, of one size of the ledger, and holds no key of what was destroyed."""

import asyncio
import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from config.model import Backup
from nvr.base.errors import InvalidValue
from storage import disk
from storage.backup.age import BackupDamaged, decrypt, decrypt_small, hash_of
from storage.backup.databases import RegisterState, copy_register
from storage.backup.folder import BackupRunning, NoBackupFolder, locked, sets_in
from storage.backup.keys import merge
from storage.backup.layout import Layout
from storage.backup.making import prune
from storage.backup.manifest import LEDGER, MANIFEST, STATE
from storage.backup.reading import read_set
from storage.backup.small import unpack
from storage.keyring.places import KeyringUnreachable
from tests.storage.backup.system import SECRETS, System
from tests.storage.keeping.town import DAY_US
from tests.storage.sealed import NOW_US


async def test_backup_while_all_runs_holds_everything_and_nothing_in_clear(system: System) -> None:
    await system.town.tell(await asyncio.to_thread(system.town.record, 3))
    made = await asyncio.to_thread(system.backup)
    found = await asyncio.to_thread(read_set, system.medium)
    assert found.manifest == made.manifest
    assert found.manifest.ledger.size == await system.town.keeper.ledger.size()
    assert [part.name for part in made.keys.parts] == await asyncio.to_thread(key_parts, system)
    everything = await asyncio.to_thread(
        lambda: b"".join(p.read_bytes() for p in system.medium.rglob("*") if p.is_file())
    )
    for secret in (*SECRETS.values(), b"SVKEY", b"SQLite format", b"Jeanne"):
        assert secret not in everything
    assert not system.layout.work.exists()
    last = json.loads(await asyncio.to_thread(system.layout.settings.paths.last_backup.read_bytes))
    assert last["made_utc_us"] == NOW_US


def key_parts(system: System) -> list[str]:
    places = system.town.recorder.places
    return sorted(f"keys/{path.relative_to(places[0])}.age" for path in places[0].glob("*/*.keys"))


async def test_without_a_recipient_nothing_is_written(system: System) -> None:
    settings = system.layout.settings.model_copy(update={"backup": Backup()})
    system.layout = Layout(settings, system.layout.configuration)
    with pytest.raises(InvalidValue, match="recipients"):
        await asyncio.to_thread(system.backup)
    assert [path.name for path in system.medium.iterdir()] == ["scelle-backup.json"]


async def test_empty_mount_point_and_a_second_run_are_refused(system: System) -> None:
    system.medium.joinpath("scelle-backup.json").rename(system.medium / "away")
    with pytest.raises(NoBackupFolder):
        await asyncio.to_thread(system.backup)
    system.medium.joinpath("away").rename(system.medium / "scelle-backup.json")
    await asyncio.to_thread(two_at_once, system)


def two_at_once(system: System) -> None:
    with locked(system.medium, system.layout.settings.system.origin), pytest.raises(BackupRunning):
        system.backup()
    with pytest.raises(NoBackupFolder, match="belongs to"), locked(system.medium, "another town"):
        pass


async def test_login_that_changes_meanwhile_is_there_in_both_forms(system: System) -> None:
    def copy(target: Path) -> RegisterState:
        system.layout.files["logins.json"].write_bytes(b'{"cam-2": ["root", "new"]}')
        return copy_register(system.layout.settings.paths.register, target)

    made = await asyncio.to_thread(system.backup, copy)
    small = await asyncio.to_thread(lambda: unpack(decrypt_small(made.path / STATE, system.identities)))
    assert json.loads(small["logins.json"].content or b"").keys() == {"cam-1", "cam-2"}


async def test_next_run_takes_the_keys_of_what_was_destroyed_from_every_set(system: System) -> None:
    recorded = await asyncio.to_thread(system.town.record, 2)
    await system.town.tell(recorded)
    first = await asyncio.to_thread(system.backup)
    assert (await asyncio.to_thread(sets_in, system.medium))[0].has_keys
    system.town.clock.advance(33 * DAY_US)
    await system.town.keeper.retention_pass()
    young = await asyncio.to_thread(system.town.record, 1, start_utc_us=system.town.clock.utc_us())
    await system.town.tell(young)
    second = await asyncio.to_thread(system.backup)
    assert first.path.name in second.removed
    (left,) = await asyncio.to_thread(sets_in, system.medium)
    assert await asyncio.to_thread(live_in, system, left.path) == {young[0].segment}


def live_in(system: System, path: Path) -> set[str]:
    live: set[str] = set()
    for number, part in enumerate(sorted(path.rglob("*.keys.age"))):
        clear, copy = system.medium / f"clear-{number}", system.medium / f"copy-{number}"
        decrypt(part, clear, system.identities)
        merged = merge([clear], copy)
        assert merged is not None
        live |= merged.live
    return live


async def test_older_set_of_a_connected_medium_has_no_keys_and_is_whole(system: System) -> None:
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    await asyncio.to_thread(system.backup)
    system.town.clock.advance(DAY_US)
    await asyncio.to_thread(system.backup)
    old, new = await asyncio.to_thread(sets_in, system.medium)
    assert (old.has_keys, new.has_keys) == (False, True)
    assert not list(old.path.rglob("*.keys.age"))
    found = await asyncio.to_thread(read_set, system.medium, old.name)
    assert (found.at, found.keys_at) == (old, new)


async def test_pruning_removes_key_files_of_days_that_the_server_has_destroyed(system: System) -> None:
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    await asyncio.to_thread(system.backup)
    system.town.clock.advance(33 * DAY_US)
    await system.town.keeper.retention_pass()
    await system.town.restart()  # buries the day's files
    place = system.town.recorder.places[1]
    place.rename(place.with_name("away"))
    with pytest.raises(KeyringUnreachable):
        await asyncio.to_thread(prune, system.layout, system.medium, system.town.clock)
    place.with_name("away").rename(place)
    removed = await asyncio.to_thread(prune, system.layout, system.medium, system.town.clock)
    assert len(removed) == 1
    assert not list(system.medium.rglob("*.keys.age"))
    found = await asyncio.to_thread(read_set, system.medium)
    assert found.keys is not None
    assert found.keys.parts == ()


async def test_degraded_keyring_is_copied_from_the_place_that_is_there_and_told(system: System) -> None:
    recorded = await asyncio.to_thread(system.town.record, 1)
    await system.town.tell(recorded)
    lost = system.town.recorder.places[0]
    await asyncio.to_thread(shutil.rmtree, lost)
    made = await asyncio.to_thread(system.backup)
    assert made.manifest.degraded == (str(lost),)
    assert await asyncio.to_thread(live_in, system, made.path) == {recorded[0].segment}
    await asyncio.to_thread(shutil.rmtree, system.town.recorder.places[1])
    with pytest.raises(KeyringUnreachable):
        await asyncio.to_thread(system.backup)


async def test_medium_that_fills_leaves_the_set_before_with_its_keys(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    before = await asyncio.to_thread(system.backup)
    system.town.clock.advance(DAY_US)
    real, left = disk.writev, 30_000

    def full(fd: int, parts: Any) -> int:  # noqa: ANN401 -- as the real one
        nonlocal left
        on_medium = Path(f"/proc/self/fd/{fd}").resolve().is_relative_to(system.medium)
        left -= sum(map(len, parts)) if on_medium else 0
        if on_medium and left < 0:
            raise OSError(errno.ENOSPC, "no room")
        return real(fd, parts)

    monkeypatch.setattr(disk, "writev", full)
    with pytest.raises(OSError, match="no room"):
        await asyncio.to_thread(system.backup)
    monkeypatch.undo()
    assert [one.path for one in await asyncio.to_thread(sets_in, system.medium)] == [before.path]
    assert (await asyncio.to_thread(read_set, system.medium)).keys_at is not None
    await asyncio.to_thread(system.backup)
    assert not list(system.medium.glob(".*.partial"))


async def test_medium_that_gives_back_something_else_makes_no_backup(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flipped(path: Path) -> object:
        if path.name == LEDGER:
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        return hash_of(path)

    monkeypatch.setattr("storage.backup.making.hash_of", flipped)
    with pytest.raises(BackupDamaged, match=LEDGER):
        await asyncio.to_thread(system.backup)
    assert await asyncio.to_thread(sets_in, system.medium) == []


async def test_only_so_many_sets_are_kept(system: System) -> None:
    for _ in range(4):
        await asyncio.to_thread(system.backup)
        system.town.clock.advance(DAY_US)
    assert len(await asyncio.to_thread(sets_in, system.medium)) == 3
    assert all((one.path / MANIFEST).exists() for one in await asyncio.to_thread(sets_in, system.medium))
