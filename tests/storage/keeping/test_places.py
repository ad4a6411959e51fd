"""A place of the keyring that was away gets what it missed while the keeper runs, and not only at its start."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.keeping.places import _reachable
from storage.keyring import KeyRef, KeyringKeeper, KeyringReader, KeyShredded
from storage.keyring.reconcile import GoneAmong
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

    def counted(keeper: KeyringKeeper, now_utc_us: int, gone_among: GoneAmong, is_over: Callable[[], bool]) -> object:
        calls.append(now_utc_us)
        return reconcile(keeper, now_utc_us, gone_among, is_over)

    monkeypatch.setattr(KeyringKeeper, "reconcile", counted)
    await town.keeper.retention_pass()
    assert calls == []
    town.clock.advance(DAY_US)
    await town.keeper.retention_pass()
    await town.keeper.retention_pass()
    assert calls == [town.clock.utc_us()]


async def test_key_that_stayed_in_one_place_is_shown_until_it_is_gone(town: Town, segment: SealedSegment) -> None:
    (file,) = await asyncio.to_thread(lambda: [*town.recorder.places[1].glob("0/*.keys")])
    whole = await asyncio.to_thread(file.read_bytes)
    await asyncio.to_thread(file.write_bytes, b"damaged" + whole[7:])
    town.clock.advance(2_000_000 + 40 * DAY_US)
    reachable = await asyncio.to_thread(_reachable, town.recorder.places)
    town.keeper._places._done = (reachable, town.clock.mono_us())  # as after the reconciliation of the same day
    await town.keeper.retention_pass()
    assert str(town.recorder.places[1]) in (await town.keeper.status()).faults
    await asyncio.to_thread(file.write_bytes, whole)
    town.clock.advance(DAY_US)
    await town.keeper.retention_pass()
    assert not await asyncio.to_thread(opens, town.recorder.places[1], segment)
    assert (await town.keeper.status()).faults == {}


async def test_keeper_that_stops_does_not_wait_for_the_keyring_and_the_next_one_reads_it(
    town: Town, segment: SealedSegment
) -> None:
    await town.run_and_stop()
    (file,) = await asyncio.to_thread(lambda: [*town.recorder.places[1].glob("0/*.keys")])
    await asyncio.to_thread(file.unlink)
    town.clock.advance(5 * DAY_US)
    await town.keeper._places.look()
    assert not await asyncio.to_thread(file.exists)
    assert (await town.keeper.status()).faults == {}
    await town.restart()
    await town.keeper.take_up()
    assert await asyncio.to_thread(opens, town.recorder.places[1], segment)


async def test_place_restored_from_a_backup_opens_nothing_that_was_destroyed(
    town: Town, segment: SealedSegment
) -> None:
    places, backup = town.recorder.places, town.directory / "backup"
    await asyncio.to_thread(shutil.copytree, places[0], backup)
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    for place in places:
        await asyncio.to_thread(shutil.rmtree, place)
        await asyncio.to_thread(shutil.copytree, backup, place)
        assert await asyncio.to_thread(opens, place, segment)
    await town.restart()
    await town.keeper.take_up()
    assert not any([await asyncio.to_thread(opens, place, segment) for place in places])
