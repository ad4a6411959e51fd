"""A copy whose disk fails at any call, whose power goes at any moment, whose keeper dies at any step."""

import asyncio
import errno
import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from storage import copying, disk
from storage.books import Books, IndexBehind
from storage.faults import Fault
from storage.index.rows import SegmentRow
from storage.inspection import Depth, wrong_with
from storage.keeping import copying as keeping
from storage.keeping.evidence_room import Stopped
from storage.ledger import people
from storage.ledger.machine import Copied, Uncopied
from storage.sealing import SealedSegment
from tests.storage.dying import Crash, dies_after_entry, dies_before
from tests.storage.faulty import CALLS, CHANGING, NAMING, FaultyDisk
from tests.storage.keeping.evidence import EvidenceTown, files_on, hold_on
from tests.storage.power import Chooser, Tape, every_other, everything, nothing


async def made_good(town: EvidenceTown, *segments: SealedSegment) -> None:
    """What the next keeper does with whatever is there: both copies, whole, and nothing else."""
    town.keeper.copying._erring.clear()
    await town.pass_()
    await town.keeper.reconcile()
    assert (await town.pass_()).twice.segments == len(segments)
    await town.check_copies(*segments)
    assert not await town.faults()


@pytest.mark.parametrize(
    ("root", "code", "calls"),
    [
        ("evidence", errno.EIO, (*CHANGING, *NAMING)),
        ("disk", errno.EIO, CALLS),
        pytest.param("evidence", errno.EIO, CALLS, marks=pytest.mark.long),
        pytest.param("evidence", errno.ENOSPC, CALLS, marks=pytest.mark.long),
        pytest.param("evidence", errno.EROFS, CALLS, marks=pytest.mark.long),
    ],
    ids=["input", "own file", "input-at-reads-too", "full", "read-only"],
)
async def test_call_that_fails_while_a_copy_is_made_leaves_no_copy_that_is_not_whole(
    evidence_town: EvidenceTown, held: list[SealedSegment], root: str, code: int, calls: Sequence[str]
) -> None:
    town, one = evidence_town, held[0]
    await town.end_hold()
    for number in itertools.count(1):
        await town.act(hold_on(one))
        with pytest.MonkeyPatch.context() as patch:
            faulty = FaultyDisk(patch, town.directory / root, fail_at=number, code=code, only=calls)
            await town.pass_()
        assert not await town.copied(one) or await town.is_whole(one)
        await made_good(town, one)
        if len(faulty.calls) < number:
            break
        await town.act(people.Unhold(hold=hold_on(one).hold, reason="0" * 64))
        await town.pass_()
        assert files_on(town.evidence) == set()
        for made in ("copying", "segments/place-mairie"):
            await asyncio.to_thread(shutil.rmtree, town.evidence.path / made)
    assert number > 4


@pytest.mark.parametrize("fates", [lambda: nothing, every_other, lambda: everything], ids=["none", "second", "all"])
async def test_copy_that_was_told_is_whole_whenever_the_power_goes(
    evidence_town: EvidenceTown,
    held: list[SealedSegment],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fates: Callable[[], Chooser],
) -> None:
    rows = {one.segment: await evidence_town.row(one.segment) for one in held[2:]}
    with monkeypatch.context() as patch:
        tape = await taped(evidence_town, patch)
    assert await asyncio.to_thread(every_cut, tape, fates, rows, tmp_path)


def every_cut(tape: Tape, fates: Callable[[], Chooser], rows: dict[Any, SegmentRow], directory: Path) -> int:
    """Check what each cut leaves; how many files it left in all."""
    files = 0
    for end in range(tape.begin, len(tape.events) + 1):
        cut = directory / f"cut-{end}"
        cut.mkdir()
        tape.build(tape.left(end, fates()), cut)
        files += check_left(cut / "evidence", rows, tape.marks(end))
        shutil.rmtree(cut)
    return files


async def taped(town: EvidenceTown, patch: pytest.MonkeyPatch) -> Tape:
    """A turn, with a mark where the ledger has an entry."""
    tape = Tape(patch, [town.evidence.path])
    append = Books.append

    async def appends(books: Books, drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        done = await append(books, drafts)
        for draft in drafts:
            if isinstance(draft.body, Copied):
                tape.mark(draft.body.segs)
        return done

    patch.setattr(Books, "append", appends)
    await town.pass_()
    return tape


def check_left(evidence: Path, rows: dict[Any, SegmentRow], told: list[tuple[str, ...]]) -> int:
    """What was told is there, and what has its final name is whole; how many files that is."""
    names = {path.stem: path for path in evidence.glob("segments/*/*/*.svs")}
    assert {seg for segs in told for seg in segs} <= names.keys()
    for seg, path in names.items():
        assert wrong_with(path, rows[seg], Depth.HASH, lambda _: None) is None
    return len(names)


MAKING: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "K1": lambda patch: dies_before(patch, disk, "writev"),
    "K2": lambda patch: dies_before(patch, copying, "wrong_with"),
    "K3": lambda patch: dies_before(patch, copying, "rename_file"),
    "K4": lambda patch: dies_before(patch, keeping.Copying, "_publish"),
    "K5": lambda patch: dies_after_entry(patch, Copied),
}


@pytest.mark.parametrize("step", MAKING)
async def test_keeper_that_dies_after_a_step_of_a_copy_leaves_it_to_the_next(
    evidence_town: EvidenceTown, held: list[SealedSegment], step: str
) -> None:
    await dies_while_copying(evidence_town, step)
    assert left_in(evidence_town) == ("segments" if step in {"K4", "K5"} else "copying")
    assert bool(await evidence_town.told()) == (step == "K5")
    assert not await evidence_town.copied(*held)
    await evidence_town.restart()
    await made_good(evidence_town, *held[2:])


async def test_whole_file_of_which_a_dead_keeper_told_nothing_goes_with_a_comparison_when_no_hold_wants_it(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await dies_while_copying(evidence_town, "K4")
    await evidence_town.end_hold()
    await evidence_town.restart()
    await evidence_town.keeper.reconcile()
    assert files_on(evidence_town.evidence) == set()
    assert not await evidence_town.faults()


async def test_file_that_a_dead_keeper_left_goes_though_its_disk_was_unmounted_at_the_first_look(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await dies_while_copying(evidence_town, "K2")
    await evidence_town.end_hold()
    await evidence_town.restart()
    path, away = evidence_town.evidence.path, evidence_town.directory / "away"
    await asyncio.to_thread(path.rename, away)
    await asyncio.to_thread(path.mkdir)
    await evidence_town.keeper.copy_turn()
    await asyncio.to_thread(path.rmdir)
    await asyncio.to_thread(away.rename, path)
    await evidence_town.pass_()
    assert files_on(evidence_town.evidence) == set()


async def dies_while_copying(town: EvidenceTown, step: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "unlink", lambda _: None)  # nothing is tidied by who is dead
        MAKING[step](patch)
        with pytest.raises(Crash):
            await town.keeper.copy_turn()


def left_in(town: EvidenceTown) -> str:
    """In which folder of the evidence volume its files lie."""
    (folder,) = {path.relative_to(town.evidence.path).parts[0] for path in town.evidence.path.rglob("*.svs")}
    return folder


@pytest.mark.parametrize("drained", [False, True])
async def test_file_that_a_dead_keeper_left_goes_though_nobody_wants_the_copy_any_more(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, *, drained: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(disk, "unlink", lambda _: None)
        MAKING["K2"](patch)
        with pytest.raises(Crash):
            await evidence_town.keeper.copy_turn()
    assert files_on(evidence_town.evidence) == {held[2].segment}
    evidence_town.drained = drained
    await evidence_town.end_hold()
    await evidence_town.restart()
    await evidence_town.pass_()
    assert files_on(evidence_town.evidence) == set()


TAKING_AWAY: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "U1": lambda patch: dies_after_entry(patch, Uncopied),
    "U2": lambda patch: dies_before(patch, keeping, "remove_footage"),
}


@pytest.mark.parametrize("step", TAKING_AWAY)
async def test_keeper_that_dies_while_a_copy_is_taken_away_leaves_it_to_the_next(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await evidence_town.pass_()
    await evidence_town.end_hold()
    with monkeypatch.context() as patch:
        TAKING_AWAY[step](patch)
        with pytest.raises(Crash):
            await evidence_town.keeper.copy_turn()
    assert isinstance((await evidence_town.told())[-1], Uncopied)
    assert bool(await evidence_town.copied(*held)) == (step == "U1")
    assert files_on(evidence_town.evidence) == {one.segment for one in held[2:]}
    await evidence_town.restart()
    await evidence_town.keeper.reconcile()
    assert files_on(evidence_town.evidence) == set()
    assert not await evidence_town.faults()


async def test_disk_that_failed_is_told_and_left_alone_though_the_ledger_does_not_answer(
    evidence_town: EvidenceTown, held: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that failed is not tried again; the copy before it waits for the ledger."""

    async def silent(_: Any) -> None:  # noqa: ANN401 -- as the real one
        raise IndexBehind(applied=0, ledger=1)

    with monkeypatch.context() as patch:
        patch.setattr(evidence_town.keeper.books, "append", silent)
        FaultyDisk(patch, evidence_town.evidence.copying / f"{held[3].segment}.svs", fail_at=1, only=["fsync"])
        await evidence_town.keeper._survive("copies", evidence_town.keeper.copy_turn)
    fault = (await evidence_town.faults())[f"copies on {evidence_town.evidence.path}"]
    assert isinstance(fault, Fault)
    assert fault.id == "volume-lost"
    assert (await evidence_town.pass_()).stopped is Stopped.ERRING
    assert files_on(evidence_town.evidence) == {held[2].segment}
