"""A file is mended on a disk that fails at any call, whose power goes at any moment, by a keeper that dies at any step.

Whatever happens, the bent file is not lost, and nothing stands in its place that is not what was sealed.
"""

import asyncio
import errno
import itertools
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage import copying, disk, mending
from storage.books import Books
from storage.index.rows import SegmentRow
from storage.inspection import Depth, wrong_with
from storage.keeping import mending as keeping
from storage.ledger.machine import Damaged
from tests.storage.dying import Crash, dies_after_entry, dies_before
from tests.storage.faulty import CALLS, FaultyDisk
from tests.storage.keeping.checked import check, flipped
from tests.storage.keeping.evidence import EvidenceTown
from tests.storage.keeping.mended import Bendable, is_mended, kept_of
from tests.storage.power import Chooser, Tape, anything, every_other, everything, nothing


async def bent_and_told(bendable: Bendable) -> bytes:
    """Bend the file, and have a check tell it; its bytes then."""
    content = flipped(-100)(await bendable.bend())
    await check(bendable.town)
    return content


def check_left(own: Path, kept: Path, bent: bytes, row: SegmentRow) -> bool:
    """The bent file is there under one of its names; whether the segment's own is whole."""
    is_whole = wrong_with(own, row, Depth.HASH, lambda _: None) is None
    assert is_whole or own.read_bytes() == bent
    if is_whole or kept.exists():
        assert kept.read_bytes() == bent
    return is_whole


@pytest.mark.parametrize(
    ("root", "code", "for_good"),
    [
        ("disk", errno.EIO, False),
        ("evidence", errno.EIO, False),
        pytest.param("disk", errno.EIO, True, marks=pytest.mark.long),
        pytest.param("disk", errno.ENOSPC, False, marks=pytest.mark.long),
        pytest.param("evidence", errno.EIO, True, marks=pytest.mark.long),
    ],
    ids=["own", "copy", "own-for-good", "full", "copy-for-good"],
)
async def test_call_that_fails_while_a_file_is_mended_loses_neither_the_bent_file_nor_the_copy(
    evidence_town: EvidenceTown, bendable: Bendable, root: str, code: int, *, for_good: bool
) -> None:
    town, kept = evidence_town, kept_of(evidence_town, bendable.one)
    row = await town.row(bendable.one.segment)
    for number in itertools.count(1):
        bent = await bent_and_told(bendable)
        before = len(await damages(town))
        with pytest.MonkeyPatch.context() as patch:
            below = town.directory / root
            faulty = FaultyDisk(patch, below, fail_at=number, code=code, for_good=for_good, only=CALLS)
            await town.pass_()
        if await asyncio.to_thread(check_left, bendable.own, kept, bent, row):
            assert (await damages(town))[before].mended_from == town.evidence.id
        assert await town.is_whole(bendable.one)
        forget_faults(town)
        await town.pass_()
        assert await is_mended(town, bendable.one, bent)
        if len(faulty.calls) < number:
            break
        await asyncio.to_thread(kept.unlink)
    assert number > 6


async def damages(town: EvidenceTown) -> list[Damaged]:
    return [body for body in await town.logged() if isinstance(body, Damaged)]


def forget_faults(town: EvidenceTown) -> None:
    """As a keeper that starts anew."""
    town.keeper.copying._erring.clear()
    town.keeper.copying._mending._failing.clear()
    town.keeper.copying._mending._left.clear()


FATES: tuple[Callable[[], Chooser], ...] = (
    lambda: nothing,
    lambda: everything,
    every_other,
    *(partial(anything, seed) for seed in range(6)),
)


async def test_bent_file_outlives_a_cut_of_power_at_any_moment(
    evidence_town: EvidenceTown, bendable: Bendable, tmp_path: Path
) -> None:
    row = await evidence_town.row(bendable.one.segment)
    bent = await bent_and_told(bendable)
    with pytest.MonkeyPatch.context() as patch:
        tape = await taped(evidence_town, patch)
    assert await is_mended(evidence_town, bendable.one, bent)
    cuts = await asyncio.to_thread(every_cut, tape, bendable, bent, row, tmp_path)
    assert cuts == {False, True}


def every_cut(tape: Tape, bendable: Bendable, bent: bytes, row: SegmentRow, directory: Path) -> set[bool]:
    """Check what each cut leaves; whether the segment's own file was whole after it."""
    found = set()
    root, cut = bendable.town.recorder.volume.path, directory / "cut"
    for end, fates in itertools.product(range(tape.begin, len(tape.events) + 1), FATES):
        cut.mkdir()
        tape.build(tape.left(end, fates()), cut)
        own, kept = (
            cut / root.name / path.relative_to(root) for path in (bendable.own, kept_of(bendable.town, bendable.one))
        )
        is_whole, told = check_left(own, kept, bent, row), tape.marks(end)
        assert is_whole <= ("about to be mended" in told)
        assert ("whole" in told) <= is_whole
        found.add(is_whole)
        shutil.rmtree(cut)
    return found


async def taped(town: EvidenceTown, patch: pytest.MonkeyPatch) -> Tape:
    """A turn, with a mark where the ledger has an entry."""
    tape = Tape(patch, [town.recorder.volume.path])
    append = Books.append

    async def appends(books: Books, drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        done = await append(books, drafts)
        for body in [draft.body for draft in drafts if isinstance(draft.body, Damaged)]:
            tape.mark("whole" if body.why is None else "about to be mended")
        return done

    patch.setattr(Books, "append", appends)
    await town.pass_()
    return tape


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "M1": lambda patch: dies_before(patch, disk, "writev"),
    "M2": lambda patch: dies_before(patch, copying, "wrong_with"),
    "M3": lambda patch: dies_before(patch, disk, "link"),
    "M4 not synced": lambda patch: dies_before(patch, mending, "sync_directory"),
    "M4": lambda patch: dies_before(patch, keeping.Mending, "_now"),
    "M5": lambda patch: dies_after_entry(patch, Damaged, which=lambda told: told.why is not None),
    "M6": lambda patch: dies_before(patch, keeping.Mending, "_tell_whole"),
    "M7": lambda patch: dies_after_entry(patch, Damaged, which=lambda told: told.why is None),
}


@pytest.mark.parametrize("step", STEPS)
async def test_keeper_that_dies_after_a_step_of_mending_leaves_it_to_the_next(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    row = await evidence_town.row(bendable.one.segment)
    bent = await bent_and_told(bendable)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "unlink", lambda _: None)  # nothing is tidied by who is dead
        STEPS[step](patch)
        with pytest.raises(Crash):
            await evidence_town.keeper.copy_turn()
    await asyncio.to_thread(check_left, bendable.own, kept_of(evidence_town, bendable.one), bent, row)
    await evidence_town.restart()
    await evidence_town.keeper.reconcile()
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, bent)
    assert (await evidence_town.pass_()).twice.segments == 2
    assert not await evidence_town.faults()


@pytest.mark.parametrize("steps", [("M5", "M4"), ("M6", "M6"), ("M3", "M5", "M6")])
async def test_keepers_that_die_one_after_the_other_keep_the_bent_file(
    evidence_town: EvidenceTown, bendable: Bendable, monkeypatch: pytest.MonkeyPatch, steps: Sequence[str]
) -> None:
    bent = await bent_and_told(bendable)
    for step in steps:
        with monkeypatch.context() as patch:
            STEPS[step](patch)
            with pytest.raises(Crash):
                await evidence_town.keeper.copy_turn()
        await evidence_town.restart()
    await evidence_town.pass_()
    assert await is_mended(evidence_town, bendable.one, bent)
