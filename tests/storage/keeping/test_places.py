"""A place of the keyring that was away gets what it missed while the keeper runs, and not only at its start."""

import asyncio
import shutil
from pathlib import Path

import pytest

from storage.keyring import KeyRef, KeyringKeeper, KeyringReader, KeyShredded
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town


@pytest.fixture
async def segment(town: Town) -> SealedSegment:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    await town.tell([recorded])
    return recorded


def opens(place: Path, segment: SealedSegment) -> bool:
    try:
        return KeyringReader([place]).find(KeyRef(segment.segment, segment.start_utc_us, segment.shard)) is not None
    except KeyShredded:
        return False


async def test_place_that_comes_back_loses_the_keys_of_what_was_destroyed_meanwhile(
    town: Town, segment: SealedSegment
) -> None:
    place = town.recorder.places[1]
    await asyncio.to_thread(place.rename, town.directory / "away")
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    assert str(place) in (await town.keeper.status()).faults
    await asyncio.to_thread((town.directory / "away").rename, place)
    assert await asyncio.to_thread(opens, place, segment)
    await town.keeper.retention_pass()
    assert not await asyncio.to_thread(opens, place, segment)
    assert (await town.keeper.status()).faults == {}


async def test_place_that_was_restored_under_the_running_keeper_is_noticed(town: Town, segment: SealedSegment) -> None:
    place = town.recorder.places[1]
    await asyncio.to_thread(shutil.copytree, place, town.directory / "backup")
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    await asyncio.to_thread(place.rename, town.directory / "old")
    await asyncio.to_thread(shutil.copytree, town.directory / "backup", place)
    assert await asyncio.to_thread(opens, place, segment)
    await town.keeper.retention_pass()
    assert not await asyncio.to_thread(opens, place, segment)


async def test_places_are_reconciled_daily_and_otherwise_left_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    reconcile = KeyringKeeper.reconcile

    def counted(keeper: KeyringKeeper, now_utc_us: int, expired: object) -> object:
        calls.append(now_utc_us)
        return reconcile(keeper, now_utc_us, expired)  # type: ignore[arg-type]

    monkeypatch.setattr(KeyringKeeper, "reconcile", counted)
    await town.keeper.retention_pass()
    assert calls == []
    town.clock.advance(DAY_US)
    await town.keeper.retention_pass()
    await town.keeper.retention_pass()
    assert calls == [town.clock.utc_us()]
