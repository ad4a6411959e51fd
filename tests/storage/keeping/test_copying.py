"""Second copies of what holds keep: made, counted, taken away, and no copy told that is not there."""

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from nvr.base.stop import Stop
from storage import disk, durable
from storage.durable import rename_file
from storage.index.tables import SegmentState
from storage.inspection import wrong_with
from storage.keeping.copies_status import COPIES_WAITING, LATE_US, YOUNG_US
from storage.keeping.evidence_room import Stopped
from storage.keeping.settings import LEAST_FREE_BYTES
from storage.ledger.machine import Copied, Damaged, Missing, Uncopied
from storage.sealing import SealedSegment
from storage.volume import Space, Volume
from tests.storage.faulty import FaultyDisk
from tests.storage.keeping.checked import bent, flipped
from tests.storage.keeping.evidence import EvidenceTown, files_on, hold_on
from tests.storage.keeping.town import DAY_US


async def test_held_segments_are_copied_and_told_once(evidence_town: EvidenceTown, held: list[SealedSegment]) -> None:
    await evidence_town.pass_()
    status = await evidence_town.pass_()
    segs = tuple(one.segment for one in held[2:])
    assert await evidence_town.told() == [Copied(volume=evidence_town.evidence.id, segs=segs)]
    assert (status.once.segments, status.twice.segments, status.stopped) == (0, 2, None)
    await evidence_town.check_copies(*held)
    assert evidence_town.copy(held[3]).read_bytes() == evidence_town.path(held[3]).read_bytes()
    assert not await evidence_town.faults()


async def test_index_that_is_made_anew_knows_the_copies(evidence_town: EvidenceTown, held: list[SealedSegment]) -> None:
    await evidence_town.pass_()
    known = await evidence_town.copied(*held)
    await evidence_town.keeper.close()
    evidence_town.keeper = evidence_town.new_keeper()
    await evidence_town.keeper.start(rebuild_index=True)
    assert await evidence_town.copied(*held) == known == {one.segment for one in held[2:]}


async def test_copy_goes_with_the_last_hold_and_is_told_before(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await evidence_town.pass_()
    await evidence_town.end_hold()
    first_unlink: list[int] = []
    unlink = disk.unlink

    def noted(path: Any) -> None:  # noqa: ANN401 -- as the real one
        if path in map(evidence_town.copy, held):
            first_unlink.append(1)
        unlink(path)

    monkeypatch.setattr(disk, "unlink", noted)
    append = evidence_town.keeper.books.append

    async def appends(drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        assert not first_unlink
        return await append(drafts)

    monkeypatch.setattr(evidence_town.keeper.books, "append", appends)
    await evidence_town.pass_()
    assert isinstance((await evidence_town.told())[-1], Uncopied)
    assert first_unlink
    assert files_on(evidence_town.evidence) == set()
    assert all([(await evidence_town.row(one.segment)).state is SegmentState.SEALED for one in held])


async def test_copy_stays_while_another_hold_keeps_the_segment(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await evidence_town.pass_()
    await evidence_town.act(hold_on(held[3]))
    await evidence_town.end_hold()
    await evidence_town.pass_()
    assert await evidence_town.copied(*held) == {one.segment for one in held[2:]}


async def test_destroyed_segment_leaves_no_copy(evidence_town: EvidenceTown, held: list[SealedSegment]) -> None:
    await evidence_town.pass_()
    await evidence_town.end_hold()
    evidence_town.clock.advance(40 * DAY_US)
    await evidence_town.keeper.retention_pass()
    assert all([(await evidence_town.row(one.segment)).state is SegmentState.GONE for one in held])
    assert files_on(evidence_town.evidence) == set()
    assert not await evidence_town.copied(*held)


async def test_segment_destroyed_while_it_is_copied_leaves_no_file(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hold ended and footage destroyed between the copy's final name and its entry."""
    publish = evidence_town.keeper.copying._publish

    async def later(volume: Volume, rows: Any) -> None:  # noqa: ANN401 -- as the real one
        await evidence_town.end_hold()
        evidence_town.clock.advance(40 * DAY_US)
        await evidence_town.keeper.retention_pass()
        await publish(volume, rows)

    monkeypatch.setattr(evidence_town.keeper.copying, "_publish", later)
    await evidence_town.pass_()
    assert all([(await evidence_town.row(one.segment)).state is SegmentState.GONE for one in held])
    assert files_on(evidence_town.evidence) == set()
    assert not await evidence_town.told()


async def test_segment_that_is_lost_while_it_is_copied_is_there_by_its_copy(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = evidence_town.keeper.copying._publish

    async def later(volume: Volume, rows: Any) -> None:  # noqa: ANN401 -- as the real one
        await asyncio.to_thread(evidence_town.path(held[2]).unlink)
        await evidence_town.keeper._reconcile_all(evidence_town.recorder.volume)
        assert (await evidence_town.row(held[2].segment)).state is SegmentState.LOST
        await evidence_town.end_hold()
        await publish(volume, rows)

    with monkeypatch.context() as patch:
        patch.setattr(evidence_town.keeper.copying, "_publish", later)
        await evidence_town.pass_()
    row = await evidence_town.row(held[2].segment)
    assert (row.state, row.volume) == (SegmentState.SEALED, evidence_town.evidence.id)
    assert files_on(evidence_town.evidence) == {held[2].segment}
    assert await evidence_town.is_whole(held[2])


async def test_comparison_takes_no_copy_for_a_leftover_of_which_the_ledger_is_about_to_be_told(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    copying, lock, waits = evidence_town.keeper.copying, evidence_town.keeper.copying._lock, asyncio.Event()
    publish, acquire = copying._publish, lock.acquire
    comparisons: list[asyncio.Task[None]] = []

    async def noted() -> bool:
        waits.set()
        return await acquire()

    async def later(volume: Volume, rows: Any) -> None:  # noqa: ANN401 -- as the real one
        monkeypatch.setattr(lock, "acquire", noted)
        comparisons.append(asyncio.create_task(evidence_town.keeper._reconcile_all(volume)))
        waiting = asyncio.create_task(waits.wait())
        await asyncio.wait([*comparisons, waiting], return_when=asyncio.FIRST_COMPLETED)
        await publish(volume, rows)

    monkeypatch.setattr(copying, "_publish", later)
    await evidence_town.pass_()
    await asyncio.gather(*comparisons)
    assert await evidence_town.copied(*held) == {one.segment for one in held[2:]}
    await evidence_town.check_copies(*held)


async def test_hold_that_ends_while_its_segment_is_copied_leaves_no_file(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:

    def ends(source: Any, target: Any) -> None:  # noqa: ANN401 -- as the real one
        if not ended:
            asyncio.run_coroutine_threadsafe(evidence_town.end_hold(), loop).result(timeout=20)
        ended.append(1)
        rename_file(source, target)

    loop, ended = asyncio.get_running_loop(), list[int]()
    monkeypatch.setattr("storage.copying.rename_file", ends)
    await evidence_town.pass_()
    assert ended
    assert files_on(evidence_town.evidence) == set()
    assert not await evidence_town.told()


async def test_flipped_bit_in_the_segments_own_file_is_told_and_never_copied(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await bent(evidence_town, held[2], flipped(-100))
    status = await evidence_town.pass_()
    assert [body.seg for body in await evidence_town.logged() if isinstance(body, Damaged)] == [held[2].segment]
    assert files_on(evidence_town.evidence) == await evidence_town.copied(*held) == {held[3].segment}
    assert (status.once.segments, status.twice.segments) == (1, 1)


async def test_disk_that_goes_as_its_file_is_read_makes_no_file_damaged_or_missing(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await bent(evidence_town, held[2], flipped(-100))
    own, volume = evidence_town.path(held[2]), evidence_town.recorder.volume.path
    away = evidence_town.directory / "away"

    def goes(path: Path, *more: Any) -> str | None:  # noqa: ANN401 -- as the real one
        wrong = wrong_with(path, *more)
        if path == own:
            volume.rename(away)
        return wrong

    monkeypatch.setattr("storage.copying.wrong_with", goes)
    await evidence_town.pass_()
    assert away.exists()
    assert not any(isinstance(body, Damaged | Missing) for body in await evidence_town.logged())
    await asyncio.to_thread(away.rename, volume)


async def test_segment_whose_own_file_is_gone_is_told_as_missing(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await asyncio.to_thread(evidence_town.path(held[2]).unlink)
    await evidence_town.pass_()
    assert [body.seg for body in await evidence_town.logged() if isinstance(body, Missing)] == [held[2].segment]
    assert await evidence_town.copied(*held) == {held[3].segment}


async def test_disk_that_gives_back_something_else_takes_no_more_copies_until_the_next_start(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = disk.fsync

    def spoils(fd: int) -> None:
        fsync(fd)
        if "/copying/" in str(Path(f"/proc/self/fd/{fd}").readlink()):
            os.pwrite(fd, b"\xff", 700)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "fsync", spoils)
        status = await evidence_town.pass_()
    assert status.stopped is Stopped.ERRING
    assert (await evidence_town.pass_()).stopped is Stopped.ERRING
    assert {COPIES_WAITING, f"copies on {evidence_town.evidence.path}"} <= (await evidence_town.faults()).keys()
    assert files_on(evidence_town.evidence) == set()
    assert not any(isinstance(body, Copied | Damaged) for body in await evidence_town.logged())
    await evidence_town.restart()
    assert (await evidence_town.pass_()).twice.segments == 2


@pytest.mark.parametrize("where", ["budget", "disk", "write"])
async def test_want_of_room_stops_copies_and_removes_nothing(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        room_for(evidence_town, held[2].file_bytes + held[3].file_bytes - 1, where, patch)
        status = await evidence_town.pass_()
    assert status.stopped is Stopped.FULL
    assert (status.once.segments, status.twice.segments) == (1, 1)
    assert (await evidence_town.faults())[COPIES_WAITING].startswith("1 held segments, ")
    await evidence_town.check_copies(*held)
    assert all([(await evidence_town.row(one.segment)).state is SegmentState.SEALED for one in held])
    evidence_town.budget_bytes = None
    assert (await evidence_town.pass_()).twice.segments == 2
    assert not await evidence_town.faults()


def room_for(town: EvidenceTown, size: int, where: str, patch: pytest.MonkeyPatch) -> None:
    """So many bytes fit: by the budget, by what the disk says, or by what it takes."""
    match where:
        case "budget":
            town.budget_bytes = size
        case "disk":
            path, real = town.evidence.path, Volume.space

            def space(volume: Volume) -> Space:
                if volume.path != path:
                    return real(volume)
                return Space(LEAST_FREE_BYTES + size - sum(one.stat().st_size for one in path.rglob("*.svs")), 1 << 40)

            patch.setattr(Volume, "space", space)
        case "write":
            FaultyDisk(patch, town.evidence.path, fail_at=2, code=errno.ENOSPC, for_good=True, only=["writev"])


async def test_evidence_volume_that_is_away_is_waited_for(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    away = evidence_town.directory / "away"
    await asyncio.to_thread(evidence_town.evidence.path.rename, away)
    assert (await evidence_town.pass_()).stopped is Stopped.AWAY
    assert COPIES_WAITING in await evidence_town.faults()
    await asyncio.to_thread(away.rename, evidence_town.evidence.path)
    assert (await evidence_town.pass_()).twice.segments == len(held[2:])


async def test_disk_that_was_unmounted_since_the_last_look_leaves_its_folder_empty(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await evidence_town.pass_()
    told = await evidence_town.told()
    await evidence_town.act(hold_on(held[0]))
    path = evidence_town.evidence.path
    await asyncio.to_thread(path.rename, evidence_town.directory / "away")
    await asyncio.to_thread(path.mkdir)
    await evidence_town.keeper.copy_turn()
    assert await asyncio.to_thread(lambda: list(path.iterdir())) == []
    assert await evidence_town.told() == told


@pytest.mark.parametrize("call", ["make_directory", "rename_file"])
async def test_disk_that_is_unmounted_while_it_is_copied_to_has_no_copy_that_is_told(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    await evidence_town.end_hold()
    await evidence_town.act(hold_on(held[0]))
    path, away = evidence_town.evidence.path, evidence_town.directory / "away"
    real = getattr(durable, call)

    def unmounted(*args: Any) -> None:  # noqa: ANN401 -- as the real one
        if not away.exists():
            path.rename(away)
            path.mkdir()
        real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(f"storage.copying.{call}", unmounted)
        assert (await evidence_town.pass_()).stopped is Stopped.AWAY
    assert not await evidence_town.told()
    await asyncio.to_thread(shutil.rmtree, path)
    await asyncio.to_thread(away.rename, path)
    assert (await evidence_town.pass_()).twice.segments == 1
    await evidence_town.check_copies(*held)


async def test_drained_evidence_volume_takes_no_new_copy_and_keeps_those_it_has(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await evidence_town.pass_()
    evidence_town.drained = True
    await evidence_town.act(hold_on(held[0]))
    status = await evidence_town.pass_()
    assert (status.stopped, status.once.segments, status.twice.segments) == (Stopped.DRAINED, 1, 2)


async def test_volume_on_which_recordings_still_grow_takes_no_copies(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    growing = evidence_town.evidence.growing_path(0, held[0].segment)
    growing.parent.mkdir()
    growing.touch()
    assert (await evidence_town.pass_()).stopped is Stopped.GROWING


async def test_copy_that_is_left_by_the_stop_is_made_by_the_next_keeper(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = evidence_town.keeper
    forget = disk.forget

    def stops(fd: int) -> None:
        forget(fd)
        keeper.copying.end()

    with monkeypatch.context() as patch:
        patch.setattr(disk, "forget", stops)
        await keeper.copy_turn()
    assert not await evidence_town.told()
    assert files_on(evidence_town.evidence) == set()
    await evidence_town.restart()
    assert (await evidence_town.pass_()).twice.segments == len(held[2:])


async def test_turn_ends_after_ten_minutes_and_the_next_goes_on(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was held meanwhile may be older than what still waits."""
    loop, forget = asyncio.get_running_loop(), disk.forget

    async def time_passes() -> None:
        evidence_town.clock.advance(600_000_000)

    def slow(fd: int) -> None:
        forget(fd)
        asyncio.run_coroutine_threadsafe(time_passes(), loop).result(timeout=30)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "forget", slow)
        await evidence_town.pass_()
    assert await evidence_town.copied(*held) == {held[2].segment}
    await evidence_town.pass_()
    assert await evidence_town.copied(*held) == {one.segment for one in held[2:]}


async def test_keeper_that_was_stopped_begins_no_copy(evidence_town: EvidenceTown) -> None:
    await evidence_town.run_and_stop()
    (segment,) = await asyncio.to_thread(evidence_town.record, 1)
    await evidence_town.tell([segment])
    await evidence_town.hold(segment)
    await evidence_town.keeper.copy_turn()
    assert not await evidence_town.told()
    await evidence_town.restart()
    assert (await evidence_town.pass_()).twice.segments == 1


async def test_what_lies_once_for_long_is_told_though_nothing_stands_against_a_copy(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await bent(evidence_town, held[2], flipped(-100))
    evidence_town.clock.advance(YOUNG_US)
    assert not (await evidence_town.pass_()).late
    evidence_town.clock.advance(LATE_US)
    assert (await evidence_town.pass_()).late
    assert COPIES_WAITING in await evidence_town.faults()


async def test_hold_and_destruction_do_not_wait_for_a_copy(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs in the middle of a copy costs the copy alone."""
    loop, reached, goes_on = asyncio.get_running_loop(), asyncio.Event(), Stop()
    fsync = disk.fsync

    def hangs(fd: int) -> None:
        if "/copying/" in str(Path(f"/proc/self/fd/{fd}").readlink()):
            loop.call_soon_threadsafe(reached.set)
            goes_on.wait_in_thread(30)
        fsync(fd)

    monkeypatch.setattr(disk, "fsync", hangs)
    turn = asyncio.create_task(evidence_town.keeper.copy_turn())
    await asyncio.wait_for(reached.wait(), 20)
    await evidence_town.act(hold_on(held[0]))
    evidence_town.clock.advance(40 * DAY_US)
    await evidence_town.keeper.retention_pass()
    more = await asyncio.to_thread(evidence_town.record, 1, first=9)
    await evidence_town.tell(more)
    assert not turn.done()
    assert (await evidence_town.row(held[1].segment)).state is SegmentState.GONE
    goes_on.set()
    await turn
    await evidence_town.pass_()
    assert await evidence_town.copied(*held) == {one.segment for one in held if one is not held[1]}
