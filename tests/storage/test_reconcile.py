"""Comparing a volume with the index: each kind of difference, and what must not be taken for one."""

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keyring import KeyShredded
from storage.ledger.machine import Expire, Expired, Missing, Seal
from storage.ledger.service import Draft
from storage.reconcile import EVERYTHING, Findings, Scope, compare
from storage.sealing import SealedSegment
from storage.spool_events import seal_body
from storage.volume import VolumeLost
from tests.storage.dying import Crash, dies_after_entry
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import NOW_US


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    await town.keeper.start()
    yield town
    await town.keeper.close()


async def findings(town: Town, *, ended: bool = True, scope: Scope = EVERYTHING) -> Findings:
    return await town.keeper.books.survey(
        compare, town.recorder.volume, town.recorder.keys, is_ended=lambda boot, shard: ended, scope=scope
    )


async def told(town: Town, count: int = 2) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, count)
    await town.tell(recorded)
    return recorded


async def test_volume_that_is_as_the_ledger_says_has_no_findings(town: Town) -> None:
    await told(town)
    assert await findings(town) == Findings()


async def test_closed_file_that_nobody_told_is_found_with_all_that_its_seal_needs(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    (unknown,) = (await findings(town)).unknown
    assert seal_body(unknown) == seal_body(recorded).model_copy(update={"recovered": True})


async def test_file_whose_seal_is_on_the_way_is_not_unknown(town: Town) -> None:
    await asyncio.to_thread(town.record, 1)
    assert (await findings(town, ended=False)).unknown == []


async def test_file_that_is_gone_is_missing(town: Town) -> None:
    recorded = await told(town)
    await asyncio.to_thread(town.path(recorded[0]).unlink)
    assert [row.seg for row in (await findings(town)).missing] == [recorded[0].segment]


async def test_comparison_that_is_over_looks_at_no_further_directory_and_tells_nothing_false(town: Town) -> None:
    recorded = await told(town)
    await town.run_and_stop()
    for segment in recorded:
        await asyncio.to_thread(town.path(segment).unlink)
    await town.keeper.reconcile()
    assert (await town.row(recorded[0].segment)).state is SegmentState.SEALED
    await town.restart()
    await town.keeper.reconcile()
    assert (await town.row(recorded[0].segment)).state is SegmentState.LOST


async def test_damaged_unknown_file_is_named_and_left(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    content = bytearray(await asyncio.to_thread(town.path(recorded).read_bytes))
    content[-200] ^= 1
    await asyncio.to_thread(town.path(recorded).write_bytes, content)
    found = await findings(town)
    assert [path for path, _ in found.damaged] == [town.path(recorded)]
    assert found.unknown == []


async def test_file_under_another_name_is_not_believed(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    path = town.path(recorded)
    await asyncio.to_thread(path.rename, path.with_name("0" * 12 + "7" + "0" * 3 + "8" + "0" * 15 + ".svs"))
    assert len((await findings(town)).damaged) == 1


async def test_keeper_that_dies_when_the_ledger_has_a_loss_and_the_index_not_leaves_it_to_the_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded, _ = await told(town)
    await asyncio.to_thread(town.path(recorded).unlink)
    with monkeypatch.context() as patch:
        dies_after_entry(patch, Missing)
        with pytest.raises(Crash):
            await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).state is SegmentState.SEALED
    await town.restart()
    assert (await town.row(recorded.segment)).state is SegmentState.LOST
    await town.keeper.reconcile()
    assert [body.seg for body in await town.logged() if isinstance(body, Missing)] == [recorded.segment]


async def test_volume_that_is_away_loses_nothing(town: Town) -> None:
    await told(town)
    await asyncio.to_thread(town.recorder.volume.path.rename, town.directory / "away")
    with pytest.raises(VolumeLost):
        await findings(town)


async def test_file_of_a_destroyed_segment_is_a_leftover(town: Town) -> None:
    recorded = await told(town)
    segs = (recorded[0].segment,)
    await town.keeper.books.append(
        [
            Draft(Expire(segs=segs, reason="cap", deadline_utc_us=NOW_US)),
            Draft(Expired(segs=segs, bytes=1, cameras=())),
        ]
    )
    await town.keeper.books.follow()
    assert [row.seg for row in (await findings(town)).leftover] == list(segs)


async def test_keeper_logs_what_was_found_and_sets_it_right(town: Town) -> None:
    lost, destroyed = await told(town)
    (unknown,) = await asyncio.to_thread(lambda: town.record(1, first=2))
    await asyncio.to_thread(town.path(lost).unlink)
    segs = (destroyed.segment,)
    await town.keeper.books.append([Draft(Expired(segs=segs, bytes=1, cameras=()))])
    await town.keeper.books.follow()
    for _ in range(2):
        await town.keeper.reconcile()
    assert (await town.row(lost.segment)).state is SegmentState.LOST
    assert (await town.row(unknown.segment)).recovered
    assert not await asyncio.to_thread(town.path(destroyed).exists)
    bodies = await town.logged()
    assert len([body for body in bodies if isinstance(body, Missing)]) == 1
    assert len([body for body in bodies if isinstance(body, Seal) and body.recovered]) == 1
    with pytest.raises(KeyShredded):
        await asyncio.to_thread(town.recorder.keys.find, (await town.row(destroyed.segment)).key_ref)


async def test_lost_file_that_comes_back_whole_is_sealed_again_once_and_destroyed_on_time(town: Town) -> None:
    recorded, other = await told(town)
    away = town.directory / "away.svs"
    await asyncio.to_thread(town.path(recorded).rename, away)
    await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).state is SegmentState.LOST
    await asyncio.to_thread(away.rename, town.path(recorded))
    for _ in range(2):
        await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).state is SegmentState.SEALED
    kinds = [
        (type(body), getattr(body, "recovered", None))
        for body in await town.logged()
        if isinstance(body, (Seal, Missing)) and body.seg == recorded.segment
    ]
    assert kinds == [(Seal, False), (Missing, None), (Seal, True)]
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    assert [(await town.row(one.segment)).state for one in (recorded, other)] == [SegmentState.GONE] * 2
    assert not await asyncio.to_thread(town.path(recorded).exists)


async def test_lost_file_that_comes_back_damaged_stays_lost_and_is_named(town: Town) -> None:
    recorded, _ = await told(town)
    content = bytearray(await asyncio.to_thread(town.path(recorded).read_bytes))
    await asyncio.to_thread(town.path(recorded).unlink)
    await town.keeper.reconcile()
    content[-200] ^= 1
    await asyncio.to_thread(town.path(recorded).write_bytes, content)
    await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).state is SegmentState.LOST
    assert town.path(recorded).name in (await town.keeper.status()).faults


async def test_whole_file_under_a_lost_ones_name_that_is_another_is_not_taken_for_it(
    town: Town, tmp_path: Path
) -> None:
    recorded, _ = await told(town)
    await asyncio.to_thread(town.path(recorded).unlink)
    await town.keeper.reconcile()
    (other,) = await asyncio.to_thread(lambda: Town(tmp_path / "other").record(1))
    assert (other.segment, other.root == recorded.root) == (recorded.segment, False)
    await asyncio.to_thread(shutil.copy, tmp_path / "other" / "disk" / relative(town, recorded), town.path(recorded))
    await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).state is SegmentState.LOST
    assert town.path(recorded).name in (await town.keeper.status()).faults


def relative(town: Town, segment: SealedSegment) -> Path:
    """Where a segment's file is on any volume."""
    return town.path(segment).relative_to(town.recorder.volume.path)


async def test_index_that_was_lost_is_the_same_after_rebuild_and_comparison(town: Town) -> None:
    recorded = await told(town, 3)
    await town.hold(recorded[1])
    before = [await town.row(segment.segment) for segment in recorded]
    await town.keeper.close()
    town.keeper = town.new_keeper()
    await town.keeper.start(rebuild_index=True)
    await town.keeper.reconcile()
    assert [await town.row(segment.segment) for segment in recorded] == before
    assert len(await town.keeper.books.survey(IndexReader.holds)) == 1


async def test_directory_that_can_not_be_read_costs_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    first = (await asyncio.to_thread(town.record, 1))[0]
    other = (await asyncio.to_thread(town.record, 1, camera=CameraId("z-gare")))[0]
    refused = town.path(first).parent
    real = os.scandir

    def fails(path: Path) -> object:
        if path == refused:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr("storage.reconcile.os.scandir", fails)
    found = await findings(town)
    assert [one.segment for one in found.unknown] == [other.segment]
    assert [path for path, _ in found.damaged] == [refused]


async def test_directory_that_can_not_be_read_loses_nothing_and_one_that_is_gone_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = await asyncio.to_thread(town.record, 1)
    (other,) = await asyncio.to_thread(town.record, 1, camera=CameraId("z-gare"))
    await town.tell([first, other])
    await asyncio.to_thread(shutil.rmtree, town.path(other).parent)
    real = os.scandir

    def fails(path: Path) -> object:
        if path == town.path(first).parent:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr("storage.reconcile.os.scandir", fails)
    found = await findings(town)
    assert [row.seg for row in found.missing] == [other.segment]
    assert [path for path, _ in found.damaged] == [town.path(first).parent]


async def test_scope_leaves_other_cameras_and_earlier_days_alone(town: Town) -> None:
    for camera, days in (("gare", 0), ("gare", 2), ("mairie", 2)):
        start = NOW_US + days * DAY_US
        await asyncio.to_thread(town.record, 1, camera=CameraId(camera), start_utc_us=start)
    scope = Scope(frozenset({CameraId("gare")}), NOW_US + DAY_US)
    found = await findings(town, scope=scope)
    assert [(one.camera, one.start_utc_us) for one in found.unknown] == [("gare", NOW_US + 2 * DAY_US)]


async def test_file_of_which_the_disk_says_nothing_is_not_missing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await told(town)
    real = Path.exists

    def fails(path: Path) -> bool:
        if path == town.path(first):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    for one in (first, second):
        await asyncio.to_thread(town.path(one).unlink)
    monkeypatch.setattr(Path, "exists", fails)
    found = await findings(town)
    assert [row.seg for row in found.missing] == [second.segment]
    assert [path for path, _ in found.damaged] == [town.path(first)]


async def test_damaged_file_is_a_fault_until_a_comparison_finds_it_whole(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    path = town.path(recorded)
    whole = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, b"?" + whole[1:])
    await town.keeper.reconcile()
    assert path.name in (await town.keeper.status()).faults
    await asyncio.to_thread(path.write_bytes, whole)
    await town.keeper.reconcile()
    assert (await town.keeper.status()).faults == {}
