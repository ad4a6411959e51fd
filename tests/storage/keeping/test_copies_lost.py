"""One of the two files of a held segment goes, or both disks do: nothing is told lost that is there."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.inspection import Depth
from storage.keeping.check_mark import Request
from storage.keeping.discarded import damaged_of
from storage.keeping.volumes import VolumesKept
from storage.ledger import people
from storage.ledger.machine import Copied, Expire, Missing, Seal, Uncopied
from storage.ledger.service import Draft
from storage.sealing import SealedSegment
from storage.volume import Space, Volume
from tests.storage.keeping.checked import bent, check, flipped, state
from tests.storage.keeping.evidence import EvidenceTown, files_on, hold_on
from tests.storage.ledger.samples import hash_of
from tests.storage.sealed import opened_file


@pytest.fixture
async def twice(evidence_town: EvidenceTown, held: list[SealedSegment]) -> list[SealedSegment]:
    """The two segments that are held, with their copies."""
    await evidence_town.pass_()
    return held[2:]


async def discard(town: EvidenceTown, volume: str) -> None:
    counts = {"segments": 0, "bytes": 0, "held": 0}
    await town.act(people.Discard(volume=volume, disk=None, bay=None, reason=hash_of(1), **counts))
    await town.keeper.books.follow()


async def stands(town: EvidenceTown, segment: SealedSegment) -> tuple[SegmentState, str]:
    row = await town.row(segment.segment)
    return row.state, row.volume


async def remove(path: Path) -> bytes:
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.unlink)
    return content


async def test_segment_whose_first_file_is_missing_goes_on_with_its_copy(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.evidence.id)
    (missing,) = [body for body in await evidence_town.logged() if isinstance(body, Missing)]
    assert missing.volume == evidence_town.recorder.volume.id
    recorder = evidence_town.recorder
    path = evidence_town.copy(twice[0])
    assert await asyncio.to_thread(opened_file, path, twice[0], recorder.keys, recorder.people)
    status = await evidence_town.pass_()
    assert (status.once.segments, status.twice.segments) == (1, 1)
    await evidence_town.keeper.reconcile()
    assert not await evidence_town.faults()


async def test_first_file_that_is_back_is_the_first_again_and_the_other_its_copy(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    content = await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    await asyncio.to_thread(evidence_town.path(twice[0]).write_bytes, content)
    for _ in range(2):
        await evidence_town.keeper.reconcile()
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.recorder.volume.id)
    assert (await evidence_town.pass_()).twice.segments == 2
    seals = [body for body in await evidence_town.logged() if isinstance(body, Seal)]
    assert [body.seg for body in seals if body.recovered] == [twice[0].segment]
    await evidence_town.check_copies(*twice)


async def test_first_file_that_is_back_bent_is_told_and_does_not_stand_for_its_copy(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    content = await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    await asyncio.to_thread(evidence_town.path(twice[0]).write_bytes, flipped(700)(content))
    await evidence_town.keeper.reconcile()
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.evidence.id)
    assert f"{twice[0].segment}.svs" in await evidence_town.faults()


async def test_volume_that_is_taken_out_for_good_loses_nothing_that_is_held(
    evidence_town: EvidenceTown, held: list[SealedSegment], twice: list[SealedSegment]
) -> None:
    evidence_town.paths.remove(evidence_town.recorder.volume.path)
    await evidence_town.keeper._look_at_volumes()
    await discard(evidence_town, evidence_town.recorder.volume.id)
    await evidence_town.keeper.reconcile()
    states = [(await evidence_town.row(one.segment)).state for one in held]
    assert states == [SegmentState.LOST] * 2 + [SegmentState.SEALED] * 2
    assert not any(isinstance(body, Missing) for body in await evidence_town.logged())


async def test_evidence_volume_that_is_taken_out_for_good_takes_its_copies_and_what_only_it_had(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    evidence_town.paths.remove(evidence_town.evidence.path)
    await evidence_town.keeper._look_at_volumes()
    await discard(evidence_town, evidence_town.evidence.id)
    assert (await stands(evidence_town, twice[0]))[0] is SegmentState.LOST
    assert await stands(evidence_town, twice[1]) == (SegmentState.SEALED, evidence_town.recorder.volume.id)
    assert not await evidence_town.copied(*twice)


async def test_copy_that_is_told_after_its_volume_was_taken_out_counts_for_nothing(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    evidence_town.paths.remove(evidence_town.evidence.path)
    await evidence_town.keeper._look_at_volumes()
    await discard(evidence_town, evidence_town.evidence.id)
    late = Copied(volume=evidence_town.evidence.id, segs=(twice[0].segment,))
    await evidence_town.keeper.books.append([Draft(late)])
    await evidence_town.keeper.books.follow()
    await evidence_town.keeper.reconcile()
    assert not await evidence_town.copied(*twice)
    await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    assert (await stands(evidence_town, twice[0]))[0] is SegmentState.LOST


async def test_copy_that_goes_with_its_segment_is_not_told_as_missing(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    before = await evidence_town.told()
    await evidence_town.end_hold()
    segs = (twice[0].segment,)
    await evidence_town.keeper.books.append([Draft(Expire(segs=segs, reason="cap", deadline_utc_us=1))])
    await evidence_town.keeper.books.follow()
    for path in (evidence_town.path(twice[0]), evidence_town.copy(twice[0])):
        await remove(path)  # as the reaper does, which has not told the end of it yet
    await evidence_town.keeper.reconcile()
    assert await evidence_town.told() == before


async def test_copy_that_is_missing_is_told_and_made_anew(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    await asyncio.to_thread(shutil.rmtree, evidence_town.evidence.segments / twice[0].camera)
    await evidence_town.keeper.reconcile()
    segs = tuple(one.segment for one in twice)
    assert (await evidence_town.told())[-1] == Uncopied(volume=evidence_town.evidence.id, segs=segs, why="missing")
    assert (await evidence_town.pass_()).twice.segments == 2
    await evidence_town.check_copies(*twice)


async def test_missing_copy_that_no_hold_needs_any_more_as_it_is_looked_for_is_told_once(
    evidence_town: EvidenceTown, twice: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, real, looked = asyncio.get_running_loop(), Path.exists, list[Path]()
    copy = evidence_town.copy(twice[0])
    await remove(copy)

    async def taken_away() -> None:
        await evidence_town.end_hold()
        await evidence_town.pass_()

    def after_the_index_was_asked(path: Path) -> bool:
        if path == copy and not looked:
            looked.append(path)
            asyncio.run_coroutine_threadsafe(taken_away(), loop).result(timeout=30)
        return real(path)

    monkeypatch.setattr(Path, "exists", after_the_index_was_asked)
    await evidence_town.keeper._reconcile_all(evidence_town.evidence)
    assert looked
    assert [body.why for body in await evidence_town.told() if isinstance(body, Uncopied)] == ["no hold"]


async def test_flipped_bit_in_a_copy_is_found_by_a_check_and_the_copy_made_anew(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    path = evidence_town.copy(twice[0])
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, flipped(700)(content))
    assert await check(evidence_town, Depth.SIZE) == []
    assert await check(evidence_town) == [("copy", twice[0].segment)]
    assert (await evidence_town.row(twice[0].segment)).damaged_why is None
    assert await evidence_town.copied(*twice) == {twice[1].segment}
    assert (await evidence_town.pass_()).twice.segments == 2
    assert await check(evidence_town) == []


@pytest.mark.parametrize("own", ["bent", "gone", "away"])
async def test_bent_copy_stays_where_it_may_have_what_the_own_file_lacks(
    evidence_town: EvidenceTown, twice: list[SealedSegment], own: str
) -> None:
    """Nobody has looked at the own file yet."""
    path = evidence_town.copy(twice[0])
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, flipped(700)(content))
    if own == "bent":
        await bent(evidence_town, twice[0], flipped(-100))
    elif own == "gone":
        await remove(evidence_town.path(twice[0]))
    else:
        evidence_town.paths.remove(evidence_town.recorder.volume.path)
        await evidence_town.keeper._look_at_volumes()
    on_evidence = Request(Depth.HASH, volumes=frozenset({evidence_town.evidence.id}))
    await evidence_town.keeper.checking.begin(on_evidence, None)
    await evidence_town.keeper.check_turn()
    assert [(one["kind"], one["segment"]) for one in state(evidence_town)["findings"]] == [("copy", twice[0].segment)]
    assert path.exists()
    assert await evidence_town.copied(twice[0]) == {twice[0].segment}


async def test_file_of_which_nothing_is_known_is_removed_where_the_segments_own_is_there(
    evidence_town: EvidenceTown, held: list[SealedSegment], twice: list[SealedSegment]
) -> None:
    target = evidence_town.copy(held[0])
    await asyncio.to_thread(shutil.copy, evidence_town.path(held[0]), target)
    await evidence_town.keeper.reconcile()
    assert files_on(evidence_town.evidence) == {one.segment for one in twice}
    assert evidence_town.path(held[0]).exists()


async def test_file_of_which_nothing_is_known_stays_while_its_segment_is_held_until_it_is_copied_over(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    """The ledger was restored: it may be the only whole file, and nobody has read the other yet."""
    for one in held[2:]:
        await asyncio.to_thread(evidence_town.copy(one).parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copy, evidence_town.path(one), evidence_town.copy(one))
    await bent(evidence_town, held[2], flipped(-100))
    await evidence_town.keeper.reconcile()
    await evidence_town.pass_()
    await evidence_town.keeper.reconcile()
    assert await evidence_town.copied(*held) == {held[3].segment}
    assert await evidence_town.is_whole(held[2])
    assert (await evidence_town.row(held[2].segment)).damaged_why is not None


@pytest.mark.parametrize("own", ["away", "gone", "shorter"])
async def test_file_of_which_nothing_is_known_stays_where_it_may_be_the_only_one(
    evidence_town: EvidenceTown, held: list[SealedSegment], twice: list[SealedSegment], own: str
) -> None:
    """The ledger was restored: it knows neither of the copy nor of the loss."""
    target, path = evidence_town.copy(held[0]), evidence_town.path(held[0])
    await asyncio.to_thread(shutil.copy, path, target)
    if own == "gone":
        await remove(path)
    elif own == "shorter":
        await asyncio.to_thread(path.write_bytes, path.read_bytes()[:100])
    else:
        evidence_town.paths.remove(evidence_town.recorder.volume.path)
        await evidence_town.keeper._look_at_volumes()
    await evidence_town.keeper._reconcile_all(evidence_town.evidence)
    assert target.exists()
    await evidence_town.keeper.reconcile()
    await evidence_town.keeper.reconcile()
    state, volume = await stands(evidence_town, held[0])
    assert state is SegmentState.SEALED
    assert (volume == evidence_town.evidence.id) == (own == "gone")
    assert target.exists()


async def test_file_of_which_nothing_is_known_stays_when_the_only_other_one_goes_while_it_is_judged(
    evidence_town: EvidenceTown,
    held: list[SealedSegment],
    twice: list[SealedSegment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = evidence_town.copy(held[0])
    await asyncio.to_thread(shutil.copy, evidence_town.path(held[0]), target)
    while_it_is_looked_at(monkeypatch, lambda: remove(evidence_town.path(held[0])))
    await evidence_town.keeper._reconcile_all(evidence_town.evidence)
    assert target.exists()


async def test_unknown_file_on_an_evidence_volume_is_told_to_a_person_and_never_sealed(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    (other,) = await asyncio.to_thread(evidence_town.record, 1, first=9)
    await asyncio.to_thread(shutil.move, evidence_town.path(other), evidence_town.copy(other))
    before = len([body for body in await evidence_town.logged() if isinstance(body, Seal)])
    await evidence_town.keeper.reconcile()
    assert len([body for body in await evidence_town.logged() if isinstance(body, Seal)]) == before
    assert evidence_town.copy(other).exists()
    assert f"{other.segment}.svs" in await evidence_town.faults()


async def test_copy_stays_after_its_hold_while_the_segments_own_file_is_not_there(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    """A loss that nobody has noticed yet: the next comparison finds the copy in its place."""
    await remove(evidence_town.path(twice[0]))
    await evidence_town.end_hold()
    await evidence_town.pass_()
    assert files_on(evidence_town.evidence) == await evidence_town.copied(*twice) == {twice[0].segment}
    await evidence_town.keeper.reconcile()
    await evidence_town.pass_()
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.evidence.id)
    assert evidence_town.copy(twice[0]).exists()


async def test_copy_stays_after_its_hold_while_the_segments_own_file_is_known_to_be_bent(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    path = evidence_town.copy(twice[0])
    await asyncio.to_thread(path.write_bytes, flipped(700)(path.read_bytes()))
    await bent(evidence_town, twice[0], flipped(-100))
    await evidence_town.keeper.books.append([Draft(damaged_of(await evidence_town.row(twice[0].segment), "bent"))])
    await evidence_town.end_hold()
    await evidence_town.pass_()
    assert files_on(evidence_town.evidence) == await evidence_town.copied(*twice) == {twice[0].segment}


async def test_copy_that_a_new_hold_reaches_before_it_is_taken_away_stays(
    evidence_town: EvidenceTown, twice: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await evidence_town.end_hold()
    while_it_is_looked_at(monkeypatch, lambda: evidence_town.act(hold_on(twice[0])))
    await evidence_town.pass_()
    assert await evidence_town.copied(*twice) == {twice[0].segment}
    gone = [body.segs for body in await evidence_town.told() if isinstance(body, Uncopied)]
    assert gone == [(twice[1].segment,)]


async def test_copy_stays_while_its_hold_has_run_out_by_a_clock_alone_of_which_the_ledger_has_nothing(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await evidence_town.end_hold()
    await evidence_town.hold(held[0], until_utc_us=evidence_town.clock.utc_us() + 1)
    await evidence_town.pass_()
    copied = await evidence_town.copied(*held)
    assert held[0].segment in copied
    evidence_town.clock.advance(2)
    await evidence_town.pass_()
    assert await evidence_town.copied(*held) == copied
    await evidence_town.tell([])  # an entry of this time
    await evidence_town.pass_()
    assert not await evidence_town.copied(*held)


async def test_copy_that_becomes_the_file_before_it_is_taken_away_is_not_unlinked(
    evidence_town: EvidenceTown, twice: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost() -> None:
        await remove(evidence_town.path(twice[0]))
        await evidence_town.keeper._reconcile_all(evidence_town.recorder.volume)

    await evidence_town.end_hold()
    while_it_is_looked_at(monkeypatch, lost)
    await evidence_town.pass_()
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.evidence.id)
    assert files_on(evidence_town.evidence) == {twice[0].segment}


def while_it_is_looked_at(patch: pytest.MonkeyPatch, happens: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Have something happen once, after a segment's own file was found and before its copy is told as gone."""
    loop, real, done = asyncio.get_running_loop(), VolumesKept.has_file, list[object]()

    def looked(kept: VolumesKept, row: SegmentRow) -> bool:
        found = real(kept, row)
        if not done:
            done.append(row)
            asyncio.run_coroutine_threadsafe(happens(), loop).result(timeout=30)
        return found

    patch.setattr(VolumesKept, "has_file", looked)


async def test_evidence_volume_is_never_relieved_for_want_of_room(
    evidence_town: EvidenceTown, twice: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence_town.settings = replace(evidence_town.settings, reserve_bytes=1 << 30)
    await evidence_town.restart()
    await evidence_town.keeper._look_at_volumes()
    await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    await evidence_town.end_hold()
    monkeypatch.setattr(Volume, "space", lambda volume: Space(1 << 38 if volume.path.name == "disk" else 1, 1 << 40))
    await evidence_town.keeper.retention_pass()
    done = evidence_town.keeper._last_pass
    assert done is not None
    assert (done.paused, done.pressed, done.halts) == (None, (), ())
    assert await stands(evidence_town, twice[0]) == (SegmentState.SEALED, evidence_town.evidence.id)


async def test_footage_that_lies_on_the_evidence_volume_alone_is_destroyed_on_time(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    await remove(evidence_town.path(twice[0]))
    await evidence_town.keeper.reconcile()
    await evidence_town.end_hold()
    await evidence_town.pass_()
    assert files_on(evidence_town.evidence) == {twice[0].segment}
    evidence_town.clock.advance(40 * 86_400_000_000)
    await evidence_town.keeper.retention_pass()
    assert files_on(evidence_town.evidence) == set()
    assert (await stands(evidence_town, twice[0]))[0] is SegmentState.GONE


async def test_copy_on_a_disk_that_was_away_when_its_segment_was_destroyed_goes_when_it_is_back(
    evidence_town: EvidenceTown, twice: list[SealedSegment]
) -> None:
    evidence_town.paths.remove(evidence_town.evidence.path)
    await evidence_town.end_hold()
    evidence_town.clock.advance(40 * 86_400_000_000)
    await evidence_town.keeper.retention_pass()
    assert (await stands(evidence_town, twice[0]))[0] is SegmentState.GONE
    evidence_town.paths.append(evidence_town.evidence.path)
    await evidence_town.keeper._look_at_volumes()
    await evidence_town.keeper.reconcile()
    assert files_on(evidence_town.evidence) == set()
