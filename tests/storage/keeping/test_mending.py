"""A bent file of a held segment: mended from its copy, kept beside it, and told before and after; or left as it is."""

import asyncio
import errno
from pathlib import Path

import pytest

from nvr.base.stop import Stop
from storage import disk
from storage.faults import Fault
from storage.index.tables import SegmentState
from storage.keeping.discarded import damaged_of
from storage.ledger.machine import Damaged
from storage.ledger.service import Draft
from storage.mending import LEAST_FREE_BYTES
from storage.reaper import remove_footage
from storage.sealing import SealedSegment
from storage.volume import Space, Volume
from tests.storage.faulty import FaultyDisk
from tests.storage.keeping.checked import bent, check, flipped
from tests.storage.keeping.evidence import EvidenceTown, files_on, hold_on
from tests.storage.keeping.mended import Bendable, is_mended, kept_of
from tests.storage.keeping.town import DAY_US


async def test_bent_file_is_mended_from_its_copy_and_kept_beside_it(
    evidence_town: EvidenceTown, bendable: Bendable
) -> None:
    before = await bendable.bend()
    assert await check(evidence_town) == [("damaged", bendable.one.segment)]
    status = await evidence_town.pass_()
    assert bendable.own.read_bytes() == bendable.copy.read_bytes() == before
    assert kept_of(evidence_town, bendable.one).read_bytes() == flipped(-100)(before)
    told = [body for body in await evidence_town.logged() if isinstance(body, Damaged)]
    assert [(body.why is None, body.mended_from) for body in told] == [
        (False, None),
        (False, evidence_town.evidence.id),
        (True, None),
    ]
    assert (status.once.segments, status.twice.segments) == (0, 2)
    assert await check(evidence_town) == []
    await evidence_town.keeper.reconcile()
    assert not await evidence_town.faults()
    assert kept_of(evidence_town, bendable.one).exists()


async def test_file_that_is_found_bent_by_nobody_else_is_not_touched(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    """Without a hold there is no copy, and the file is as it is."""
    before = await bent(evidence_town, held[0], flipped(-100))
    await check(evidence_town)
    await evidence_town.pass_()
    assert evidence_town.path(held[0]).read_bytes() == flipped(-100)(before)


async def test_file_that_reads_whole_again_is_told_so_and_left(evidence_town: EvidenceTown, bendable: Bendable) -> None:
    inode = bendable.own.stat().st_ino
    row = await evidence_town.row(bendable.one.segment)
    await evidence_town.keeper.books.append([Draft(damaged_of(row, "memory erred"))])
    await evidence_town.pass_()
    assert (await evidence_town.row(bendable.one.segment)).damaged_why is None
    assert bendable.own.stat().st_ino == inode
    assert not kept_of(evidence_town, bendable.one).exists()


async def test_neither_file_is_touched_where_both_are_bent(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    copy = flipped(700)(bendable.copy.read_bytes())
    await asyncio.to_thread(bendable.copy.write_bytes, copy)
    await evidence_town.pass_()
    assert (bendable.own.read_bytes(), bendable.copy.read_bytes()) == (own, copy)
    assert not kept_of(evidence_town, bendable.one).exists()
    assert await evidence_town.copied(bendable.one) == {bendable.one.segment}
    fault = (await evidence_town.faults())[f"mending on {evidence_town.recorder.volume.path}"]
    assert isinstance(fault, Fault)
    assert (fault.id, fault.fields["file"]) == ("not-mended", str(bendable.own))
    with monkeypatch.context() as patch:
        again = FaultyDisk(patch, evidence_town.directory, only=["open_file"])
        await evidence_town.pass_()
    assert not [name for name in again.calls if name == "open_file"]


async def test_file_that_is_bent_again_is_not_mended_a_second_time(
    evidence_town: EvidenceTown, bendable: Bendable
) -> None:
    first = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    await evidence_town.pass_()
    second = flipped(-90)(await bent(evidence_town, bendable.one, flipped(-90)))
    await check(evidence_town)
    await evidence_town.pass_()
    assert (bendable.own.read_bytes(), kept_of(evidence_town, bendable.one).read_bytes()) == (second, first)
    assert "mended before" in (await evidence_town.faults())[f"mending on {evidence_town.recorder.volume.path}"]
    assert await evidence_town.is_whole(bendable.one)


async def test_disk_that_gives_back_something_else_leaves_the_bent_file_and_its_copy(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    fsync = disk.fsync

    def spoils(fd: int) -> None:
        fsync(fd)
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path.parent == evidence_town.recorder.volume.copying:
            path.write_bytes(flipped(700)(path.read_bytes()))

    with monkeypatch.context() as patch:
        patch.setattr(disk, "fsync", spoils)
        await evidence_town.pass_()
    assert bendable.own.read_bytes() == own
    assert await evidence_town.is_whole(bendable.one)
    assert f"mending on {evidence_town.recorder.volume.path}" in await evidence_town.faults()
    await evidence_town.restart()
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, own)


@pytest.mark.parametrize("where", ["disk", "write"])
async def test_want_of_room_leaves_the_bent_file_until_there_is_some(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    with monkeypatch.context() as patch:
        if where == "disk":
            patch.setattr(Volume, "space", lambda _: Space(LEAST_FREE_BYTES + len(own) - 1, 1 << 40))
        else:
            below = evidence_town.recorder.volume.path
            FaultyDisk(patch, below, fail_at=1, code=errno.ENOSPC, for_good=True, only=["writev"])
        await evidence_town.pass_()
    assert (bendable.own.read_bytes(), (await evidence_town.row(bendable.one.segment)).damaged_why is None) == (
        own,
        False,
    )
    assert not [name for name in await evidence_town.faults() if name.startswith("mending")]
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, own)


@pytest.mark.parametrize("away", ["own", "copy"])
async def test_disk_that_is_away_is_waited_for(evidence_town: EvidenceTown, bendable: Bendable, away: str) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    volume = evidence_town.recorder.volume if away == "own" else evidence_town.evidence
    await asyncio.to_thread(volume.path.rename, evidence_town.directory / "away")
    await asyncio.to_thread(volume.path.mkdir)
    await evidence_town.keeper._survive("copies", evidence_town.keeper.copy_turn)  # not looked at since
    assert await asyncio.to_thread(lambda: list(volume.path.iterdir())) == []
    assert not [name for name in await evidence_town.faults() if name.startswith("mending")]
    await asyncio.to_thread(volume.path.rmdir)
    await asyncio.to_thread((evidence_town.directory / "away").rename, volume.path)
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, own)


async def test_disk_that_dies_while_the_copy_is_read_has_no_bent_copy(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    with monkeypatch.context() as patch:
        FaultyDisk(patch, evidence_town.evidence.path, fail_at=1, for_good=True, only=["open_file", "statvfs"])
        await evidence_town.keeper.copying._mending.turn(lambda: False)
    assert bendable.own.read_bytes() == own
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, own)


async def test_copy_goes_after_its_hold_once_the_file_is_mended(
    evidence_town: EvidenceTown, bendable: Bendable
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    await evidence_town.end_hold()
    await evidence_town.pass_()
    assert kept_of(evidence_town, bendable.one).read_bytes() == own
    assert files_on(evidence_town.evidence) == set()
    row = await evidence_town.row(bendable.one.segment)
    assert (row.state, row.damaged_why) == (SegmentState.SEALED, None)
    assert bendable.own.stat().st_size == row.file_bytes


async def test_kept_file_goes_with_its_segment(evidence_town: EvidenceTown, bendable: Bendable) -> None:
    await bendable.mend()
    await evidence_town.end_hold()
    evidence_town.clock.advance(40 * DAY_US)
    await evidence_town.keeper.retention_pass()
    assert (await evidence_town.row(bendable.one.segment)).state is SegmentState.GONE
    assert not [path for path in evidence_town.directory.rglob(f"{bendable.one.segment}*") if "keys" not in path.name]


async def test_kept_file_that_came_back_alone_with_its_disk_is_removed_by_the_comparison(
    evidence_town: EvidenceTown, bendable: Bendable
) -> None:
    await bendable.mend()
    kept = kept_of(evidence_town, bendable.one)
    content = kept.read_bytes()
    await evidence_town.end_hold()
    evidence_town.clock.advance(40 * DAY_US)
    await evidence_town.keeper.retention_pass()
    await asyncio.to_thread(kept.write_bytes, content)
    await evidence_town.keeper.reconcile()
    assert not kept.exists()


async def test_segment_that_is_destroyed_while_it_is_mended_leaves_no_file(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bendable.bend()
    await check(evidence_town)
    await evidence_town.end_hold()
    evidence_town.clock.advance(40 * DAY_US)
    loop, rename, done = asyncio.get_running_loop(), disk.rename, list[Path]()

    def destroyed(source: Path, target: Path) -> None:
        if target == bendable.own and not done:
            done.append(target)
            asyncio.run_coroutine_threadsafe(evidence_town.keeper.retention_pass(), loop).result(timeout=30)
        rename(source, target)

    monkeypatch.setattr(disk, "rename", destroyed)
    await evidence_town.pass_()
    assert done
    assert (await evidence_town.row(bendable.one.segment)).state is SegmentState.GONE
    assert files_on(evidence_town.recorder.volume) == files_on(evidence_town.evidence) == set()
    assert not kept_of(evidence_town, bendable.one).exists()
    assert [body.why for body in await evidence_town.logged() if isinstance(body, Damaged)][-1] is not None


async def test_file_that_is_missed_before_its_place_is_taken_is_not_mended(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its copy stands for it then: what the ledger would say is not so any more."""
    await bendable.bend()
    await check(evidence_town)
    loop, link = asyncio.get_running_loop(), disk.link

    def missed(source: Path, target: Path) -> None:
        link(source, target)
        bendable.own.unlink()
        compared = evidence_town.keeper._reconcile_all(evidence_town.recorder.volume)
        asyncio.run_coroutine_threadsafe(compared, loop).result(timeout=30)

    monkeypatch.setattr(disk, "link", missed)
    await evidence_town.pass_()
    assert kept_of(evidence_town, bendable.one).exists()
    assert not bendable.own.exists()
    assert files_on(evidence_town.recorder.volume).isdisjoint({bendable.one.segment})
    told = [body.mended_from for body in await evidence_town.logged() if isinstance(body, Damaged)]
    assert told == [None]


async def test_file_that_is_missed_while_it_is_mended_is_found_again(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bendable.bend()
    await check(evidence_town)
    loop, rename, done = asyncio.get_running_loop(), disk.rename, list[Path]()

    def missed(source: Path, target: Path) -> None:
        if target == bendable.own and not done:
            done.append(target)
            bendable.own.unlink()
            compared = evidence_town.keeper._reconcile_all(evidence_town.recorder.volume)
            asyncio.run_coroutine_threadsafe(compared, loop).result(timeout=30)
        rename(source, target)

    monkeypatch.setattr(disk, "rename", missed)
    await evidence_town.pass_()
    assert done
    assert (await evidence_town.row(bendable.one.segment)).volume == evidence_town.evidence.id
    await evidence_town.keeper.reconcile()
    row = await evidence_town.row(bendable.one.segment)
    assert (row.volume, row.damaged_why) == (evidence_town.recorder.volume.id, None)
    assert await evidence_town.copied(bendable.one) == {bendable.one.segment}


async def test_hold_and_destruction_do_not_wait_for_a_disk_that_hangs_while_it_is_mended(
    evidence_town: EvidenceTown, held: list[SealedSegment], bendable: Bendable, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = flipped(-100)(await bendable.bend())
    await check(evidence_town)
    loop, reached, goes_on = asyncio.get_running_loop(), asyncio.Event(), Stop()
    rename = disk.rename

    def hangs(source: Path, target: Path) -> None:
        if target == bendable.own:
            loop.call_soon_threadsafe(reached.set)
            goes_on.wait_in_thread(30)
        rename(source, target)

    monkeypatch.setattr(disk, "rename", hangs)
    turn = asyncio.create_task(evidence_town.keeper.copy_turn())
    await asyncio.wait_for(reached.wait(), 20)
    await evidence_town.act(hold_on(held[0]))
    evidence_town.clock.advance(40 * DAY_US)
    await evidence_town.keeper.retention_pass()
    assert not turn.done()
    assert (await evidence_town.row(held[1].segment)).state is SegmentState.GONE
    goes_on.set()
    await turn
    assert await is_mended(evidence_town, bendable.one, own)


async def test_index_that_is_made_anew_knows_that_the_file_is_whole(
    evidence_town: EvidenceTown, bendable: Bendable
) -> None:
    await bendable.mend()
    known = await evidence_town.row(bendable.one.segment)
    await evidence_town.keeper.close()
    evidence_town.keeper = evidence_town.new_keeper()
    await evidence_town.keeper.start(rebuild_index=True)
    assert await evidence_town.row(bendable.one.segment) == known
    assert known.damaged_why is None


async def test_removed_footage_has_no_kept_file(evidence_town: EvidenceTown, bendable: Bendable) -> None:
    await bendable.mend()
    row = await evidence_town.row(bendable.one.segment)
    done = await asyncio.to_thread(remove_footage, evidence_town.recorder.volume, [row])
    assert done == (2, None)
    assert not kept_of(evidence_town, bendable.one).exists()
