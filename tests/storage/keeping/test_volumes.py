"""Which volumes a keeper may destroy on: its system's, there now, and no other keeper's."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.errors import ConfigError
from storage.keeping.keeper import Keeper
from storage.keeping.settings import EvidenceSetting
from storage.keeping.volumes import VolumesKept
from storage.ledger.store import create_ledger
from storage.volume import Volume, create_volume
from tests.storage.keeping.town import Town
from tests.storage.sealed import NOW_US, ORIGIN


class Kept:
    """Two volumes, and a keeper's view of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.one, self.two = (create_volume(folder / name, ORIGIN, now_utc_us=NOW_US) for name in ("one", "two"))
        self.paths = [self.one.path, self.two.path]
        self.volumes = self.another()

    def another(self) -> VolumesKept:
        return VolumesKept(lambda: self.paths, ORIGIN)

    def in_use(self) -> set[Volume]:
        self.volumes.look()
        return set(self.volumes.in_use.values())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.volumes.close()


def test_evidence_volume_is_in_use_and_takes_no_recordings(kept: Kept) -> None:
    setting = EvidenceSetting(kept.two.path)
    volumes = VolumesKept(lambda: kept.paths, ORIGIN, lambda: [setting])
    volumes.look()
    assert volumes.in_use.keys() == {kept.one.id, kept.two.id}
    assert volumes.for_recording.keys() == {kept.one.id}
    assert volumes.evidence == {kept.two.id: (kept.two, setting)}
    kept.two.path.rename(kept.folder / "away")
    volumes.look()
    assert (volumes.evidence, volumes.evidence_settings) == ({}, [setting])
    volumes.close()


def test_volume_that_is_away_leaves_use_and_comes_back(kept: Kept) -> None:
    assert kept.in_use() == {kept.one, kept.two}
    kept.one.path.rename(kept.folder / "away")
    assert kept.in_use() == {kept.two}
    assert list(kept.volumes.faults) == [str(kept.one.path)]
    (kept.folder / "away").rename(kept.one.path)
    assert kept.in_use() == {kept.one, kept.two}
    assert kept.volumes.faults == {}


def test_list_of_volumes_is_followed_and_what_is_no_longer_on_it_may_be_another_keepers(kept: Kept) -> None:
    kept.paths = [kept.one.path]
    assert kept.in_use() == {kept.one}
    kept.paths = [kept.two.path]
    assert kept.in_use() == {kept.two}
    other = VolumesKept(lambda: [kept.one.path], ORIGIN)
    other.look()
    assert other.faults == {}
    other.close()


def test_list_that_can_not_be_read_leaves_the_last_one_in_force_and_is_told(kept: Kept) -> None:
    broken = False

    def configured() -> list[Path]:
        if broken:
            raise ConfigError(file="scelle.toml", why="not TOML")
        return kept.paths

    kept.volumes = VolumesKept(configured, ORIGIN)
    assert kept.in_use() == {kept.one, kept.two}
    broken = True
    assert kept.in_use() == {kept.one, kept.two}
    assert "not TOML" in kept.volumes.faults["configuration"]


def test_second_keeper_gets_a_fault_until_the_first_has_let_go(kept: Kept) -> None:
    kept.in_use()
    second = kept.another()
    second.look()
    assert second.in_use == {}
    assert all("another keeper has it" in second.faults[str(path)] for path in kept.paths)
    kept.volumes.close()
    second.look()
    assert len(second.in_use) == 2
    second.close()


def test_copy_of_a_volume_is_not_taken_for_a_second_one(kept: Kept) -> None:
    identity = (kept.one.path / "scelle-volume.json").read_bytes()
    (kept.two.path / "scelle-volume.json").write_bytes(identity)
    assert kept.in_use() == {kept.one}
    assert f"the same volume as {kept.one.path}" in kept.volumes.faults[str(kept.two.path)]


def test_volume_that_was_mounted_anew_is_locked_anew(kept: Kept) -> None:
    kept.in_use()
    # Another mount of the same volume: its directory is not the one that was locked.
    kept.one.segments.rename(kept.folder / "old")
    kept.one.segments.mkdir()
    kept.in_use()
    second = kept.another()
    second.look()
    assert second.in_use == {}


async def test_second_keeper_neither_compares_nor_destroys_on_the_volume_of_the_first(
    town: Town, tmp_path: Path
) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    await town.tell([recorded])
    settings = replace(town.settings, state=tmp_path / "other" / "state")
    await asyncio.to_thread(create_ledger, settings.ledger, ORIGIN, NOW_US)
    second = Keeper(settings, town.clock, sync=lambda: "synchronised")
    await second.start()
    try:
        await second.reconcile()
        await second.retention_pass()
        status = await second.status()
        assert status.volumes == {}
        assert "another keeper has it" in status.faults[str(town.recorder.volume.path)]
        assert status.ledger_size == 1  # nothing was taken for unknown
    finally:
        await second.close()
    await town.keeper.reconcile()
    assert (await town.keeper.status()).faults == {}
