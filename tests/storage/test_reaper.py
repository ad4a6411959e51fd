"""Destruction: in its order, stopped by a hold at every moment, finished after a crash at every step."""

import asyncio
import dataclasses
import errno
import os
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from storage import reaper as reaper_module
from storage.books import Books, IndexBehind
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keyring import KeyRef, KeyringUnreachable, KeyShredded, Shredded
from storage.ledger.entries import MOST_ENTRY_BYTES, build, encode
from storage.ledger.machine import Expire, Expired, Missing
from storage.ledger.service import Draft
from storage.reaper import Reaper, expired_body
from storage.retention import Decision, Verdict
from storage.sealing import SealedSegment
from tests.storage.dying import Crash, dies_before
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import uuid
from tests.storage.sealed import NOW_US


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = await asyncio.to_thread(Town, tmp_path)
    await town.keeper.start()
    yield town
    await town.keeper.close()


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, 3)
    await town.tell(recorded)
    town.clock.advance(40 * DAY_US)
    return recorded


async def due(town: Town, segments: Iterable[SealedSegment]) -> list[Decision]:
    rows = [await town.row(segment.segment) for segment in segments]
    return [Decision(row, Verdict.DUE, row.start_utc_us, "cap", None) for row in rows]


def reaper(town: Town) -> Reaper:
    volumes = {town.recorder.volume.id: town.recorder.volume}
    return Reaper(town.keeper.books, town.keeper._keyring, lambda: volumes, town.clock)


async def key(town: Town, segment: SealedSegment) -> object:
    ref = KeyRef(segment.segment, segment.start_utc_us, segment.shard)
    return await asyncio.to_thread(town.recorder.keys.find, ref)


async def test_destroyed_segment_has_no_key_no_file_and_two_entries(town: Town, segments: list[SealedSegment]) -> None:
    done = await reaper(town).run(await due(town, segments[:2]))
    assert (done.segments, done.files, done.faults) == (2, 2, {})
    assert done.bytes == sum(segment.file_bytes for segment in segments[:2])
    for segment in segments[:2]:
        assert not town.path(segment).exists()
        with pytest.raises(KeyShredded):
            await key(town, segment)
        assert (await town.row(segment.segment)).state is SegmentState.GONE
    assert town.path(segments[2]).exists()
    assert await key(town, segments[2]) is not None
    intent, deed = (await town.logged())[-2:]
    assert isinstance(intent, Expire)
    assert isinstance(deed, Expired)
    assert intent.segs == deed.segs == tuple(segment.segment for segment in segments[:2])
    (span,) = deed.cameras
    assert (span.count, span.from_utc_us, span.to_utc_us) == (2, segments[0].start_utc_us, segments[1].end_utc_us)


async def test_hold_between_plan_and_intent_wins(town: Town, segments: list[SealedSegment]) -> None:
    plan = await due(town, segments[:1])
    await town.hold(segments[0])
    assert (await reaper(town).run(plan)).segments == 0
    assert town.path(segments[0]).exists()
    assert await key(town, segments[0]) is not None


async def test_hold_between_intent_and_unlink_wins(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await due(town, segments[:1])
    finish = Reaper.finish

    async def hold_comes_first(one: Reaper) -> reaper_module.Destroyed:
        assert (await town.row(segments[0].segment)).state is SegmentState.SEALED
        await town.hold(segments[0])
        return await finish(one)

    monkeypatch.setattr(Reaper, "finish", hold_comes_first)
    assert (await reaper(town).run(plan)).segments == 0
    assert town.path(segments[0]).exists()
    assert await key(town, segments[0]) is not None
    assert (await town.row(segments[0].segment)).state is SegmentState.SEALED


async def test_hold_while_keys_are_shredded_waits_and_then_finds_the_segment_gone(
    town: Town, segments: list[SealedSegment]
) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow:
        def shred(self, refs: Iterable[KeyRef]) -> Shredded:
            loop.call_soon_threadsafe(started.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
            return town.keeper._keyring.shred(refs)

    volumes = {town.recorder.volume.id: town.recorder.volume}
    slow = Reaper(town.keeper.books, Slow(), lambda: volumes, town.clock)
    running = asyncio.create_task(slow.run(await due(town, segments[:1])))
    await started.wait()
    holding = asyncio.create_task(town.hold(segments[0]))
    await asyncio.sleep(0)
    assert not holding.done()
    go_on.set()
    await running
    await holding
    assert (await town.row(segments[0].segment)).state is SegmentState.GONE


Step = Callable[[pytest.MonkeyPatch, Town], None]


def _before_shredding(patch: pytest.MonkeyPatch, town: Town) -> None:
    dies_before(patch, town.keeper._keyring, "shred")


def _after_shredding(patch: pytest.MonkeyPatch, town: Town) -> None:
    dies_before(patch, reaper_module, "remove_files")


def _between_two_files(patch: pytest.MonkeyPatch, town: Town) -> None:
    def first_only(paths: Iterable[Path]) -> int:
        next(iter(paths)).unlink()
        raise Crash

    patch.setattr(reaper_module, "remove_files", first_only)


def _before_the_deed_is_logged(patch: pytest.MonkeyPatch, town: Town) -> None:
    dies_before(patch, reaper_module, "expired_body")


def _before_the_index_follows(patch: pytest.MonkeyPatch, town: Town) -> None:
    follow = Books.follow
    calls = iter(range(10))

    async def dies_at_the_end(books: Books) -> object:
        if next(calls) == 2:
            raise Crash
        return await follow(books)

    patch.setattr(Books, "follow", dies_at_the_end)


@pytest.mark.parametrize(
    "step",
    [
        _before_shredding,
        _after_shredding,
        _between_two_files,
        _before_the_deed_is_logged,
        _before_the_index_follows,
    ],
)
async def test_crash_at_any_step_is_finished_by_the_next_start(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    plan = await due(town, segments[:2])
    with monkeypatch.context() as patch:
        step(patch, town)
        with pytest.raises(Crash):
            await reaper(town).run(plan)
    await town.restart()
    for segment in segments[:2]:
        assert not town.path(segment).exists()
        assert (await town.row(segment.segment)).state is SegmentState.GONE
        with pytest.raises(KeyShredded):
            await key(town, segment)
    deeds = [body for body in await town.logged() if isinstance(body, Expired)]
    assert sorted(seg for deed in deeds for seg in deed.segs) == sorted(segment.segment for segment in segments[:2])
    assert town.path(segments[2]).exists()


async def test_nothing_is_destroyed_while_a_hold_may_be_missing_in_the_index(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await due(town, segments)
    monkeypatch.setattr(Index, "catch_up", lambda index, size, pages: index.progress())
    await town.keeper.ledger.append([Draft(Missing(seg=uuid(1), camera="a", start_utc_us=1, end_utc_us=2, why="x"))])
    with pytest.raises(IndexBehind):
        await reaper(town).run(plan)
    assert all(town.path(segment).exists() for segment in segments)


async def test_nothing_is_unlinked_while_no_key_can_be_shredded(town: Town, segments: list[SealedSegment]) -> None:
    for place in town.recorder.places:
        place.rename(place.with_suffix(".away"))
    with pytest.raises(KeyringUnreachable):
        await reaper(town).run(await due(town, segments))
    assert all(town.path(segment).exists() for segment in segments)
    for place in town.recorder.places:
        place.with_suffix(".away").rename(place)
    assert (await reaper(town).finish()).segments == 3


async def test_place_that_is_away_does_not_stop_destruction_and_is_named(
    town: Town, segments: list[SealedSegment]
) -> None:
    away = town.recorder.places[1]
    away.rename(away.with_suffix(".away"))
    done = await reaper(town).run(await due(town, segments))
    assert done.segments == 3
    assert list(done.faults) == [str(away)]


async def test_volume_that_is_away_does_not_keep_the_key_alive(town: Town, segments: list[SealedSegment]) -> None:
    none_there = Reaper(town.keeper.books, town.keeper._keyring, dict, town.clock)
    done = await none_there.run(await due(town, segments))
    assert (done.segments, done.files) == (3, 0)
    with pytest.raises(KeyShredded):
        await key(town, segments[0])


async def test_file_that_its_disk_keeps_is_a_fault_and_the_others_go(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, kept = os.unlink, town.path(segments[0])

    def bad_sector(path: Path) -> None:
        if path == kept:
            raise OSError(errno.EIO, "bad sector")
        unlink(path)

    monkeypatch.setattr(os, "unlink", bad_sector)
    done = await reaper(town).run(await due(town, segments))
    assert done.segments == 3
    assert "bad sector" in done.faults[str(town.recorder.volume.path)]
    assert [town.path(segment).exists() for segment in segments] == [True, False, False]
    with pytest.raises(KeyShredded):
        await key(town, segments[0])


async def test_long_plan_goes_in_batches(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper_module, "BATCH", 2)
    assert (await reaper(town).run(await due(town, segments))).segments == 3
    assert [len(body.segs) for body in await town.logged() if isinstance(body, Expired)] == [2, 1]


async def test_decision_to_keep_destroys_nothing(town: Town, segments: list[SealedSegment]) -> None:
    kept = [dataclasses.replace(one, verdict=Verdict.HELD) for one in await due(town, segments)]
    assert (await reaper(town).run(kept)).segments == 0
    assert town.clock.utc_us() > NOW_US


async def test_full_batch_of_as_many_cameras_fits_one_entry(town: Town, segments: list[SealedSegment]) -> None:
    row = await town.row(segments[0].segment)
    doomed = [
        dataclasses.replace(row, seg=SegmentId(uuid(at)), camera=CameraId(f"{at:063d}"), end_utc_us=UtcUs(2**53 - 1))
        for at in range(reaper_module.BATCH)
    ]
    entry = build(expired_body(doomed), ts_utc_us=2**53 - 1)
    assert len(encode(entry)) <= MOST_ENTRY_BYTES
