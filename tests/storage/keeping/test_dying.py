"""A keeper that dies while it destroys, by a kill or with the power: the next one finishes, and holds stay."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nvr.base.ids import uuid7
from storage.books import Books
from storage.index.tables import SegmentState
from storage.ledger.machine import Expired
from storage.ledger.reader import DATABASE_NAME
from storage.ledger.service import Draft
from tests.storage.keeping.destroying import DUE, DUE_UTC_US, HELD, keeper_when_due, places_of, started_again
from tests.storage.keeping.killed_keeper import STEPS
from tests.storage.ledger.samples import OFFICER, hold
from tests.storage.power import Chooser, Tape, anything, every_other, everything, nothing
from tests.storage.sealed import CAMERA, NOW_US

LEDGER = Path("ledger") / DATABASE_NAME
INDEX = Path("index/index.db")
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("step", STEPS)
async def test_keeper_killed_after_a_step_of_destruction_leaves_it_to_the_next(
    due_footage: Path, tmp_path: Path, step: str
) -> None:
    shutil.copytree(due_footage, tmp_path / "town")
    killed_after(step, tmp_path / "town")
    left = await started_again(tmp_path / "town")
    left.check()
    assert left.files == HELD


@pytest.mark.parametrize("step", ["D1", "D2"])
async def test_hold_that_comes_before_the_next_keeper_goes_on_has_its_footage_back(
    due_footage: Path, tmp_path: Path, step: str
) -> None:
    shutil.copytree(due_footage, tmp_path / "town")
    killed_after(step, tmp_path / "town")
    span = {"from_utc_us": NOW_US, "to_utc_us": DUE_UTC_US, "until_utc_us": None}
    body = hold(0x501, camera=CAMERA).model_copy(update=span)
    left = await started_again(tmp_path / "town", [Draft(body, actor=OFFICER, act=uuid7(DUE_UTC_US))])
    assert left.files == DUE | HELD
    assert set(left.states.values()) == {SegmentState.SEALED}
    assert all(live == DUE | HELD for live in left.live_keys)
    assert not any(isinstance(body, Expired) for body in left.ledger)


def killed_after(step: str, directory: Path) -> None:
    command = [sys.executable, "-m", "tests.storage.keeping.killed_keeper", str(directory), step]
    ended = subprocess.run(command, cwd=ROOT, check=False, timeout=50)
    assert ended.returncode == -signal.SIGKILL


@dataclass(frozen=True)
class Logged:
    """The books as they are from here on; the index follows the ledger a moment later."""

    ledger: Path
    index: Path


async def taped(directory: Path, patch: pytest.MonkeyPatch) -> Tape:
    """A whole destruction, with a copy of the ledger at each of its entries."""
    keeper, _ = await keeper_when_due(directory)
    tape = Tape(patch, [directory / "disk", *places_of(directory)])
    append = Books.append
    state = directory / "state"

    def note() -> None:
        copies = [directory / f"{name}-{len(tape.events)}.db" for name in ("ledger", "index")]
        for source, copy in zip((state / LEDGER, state / INDEX), copies, strict=True):
            with sqlite3.connect(source) as live, sqlite3.connect(copy) as target:
                live.backup(target)
        tape.mark(Logged(*copies))

    async def appends(books: Books, drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        done = await append(books, drafts)
        note()
        return done

    patch.setattr(Books, "append", appends)
    note()
    tape.begin = len(tape.events)
    await keeper.retention_pass()
    await keeper.close()
    return tape


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "fates",
    [
        lambda: nothing,
        every_other,
        pytest.param(lambda: everything, marks=LONG),
        *(pytest.param(partial(anything, seed), marks=LONG) for seed in range(8)),
    ],
    ids=["none", "second", "all", *map(str, range(8))],
)
async def test_power_that_goes_while_footage_is_destroyed_brings_no_key_back(
    due_footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fates: Callable[[], Chooser]
) -> None:
    shutil.copytree(due_footage, tmp_path / "town")
    with monkeypatch.context() as patch:
        tape = await taped(tmp_path / "town", patch)
    lefts = []
    for end in range(tape.begin, len(tape.events) + 1):
        directory = tmp_path / str(end)
        directory.mkdir()
        tape.build(tape.left(end, fates()), directory)
        without_books = shutil.ignore_patterns(f"{LEDGER.name}*", f"{INDEX.name}*")
        shutil.copytree(tmp_path / "town" / "state", directory / "state", ignore=without_books)
        books = tape.marks(end)[-1]
        shutil.copy(books.ledger, directory / "state" / LEDGER)
        shutil.copy(books.index, directory / "state" / INDEX)
        lefts.append(await started_again(directory))
        lefts[-1].check()
    assert (lefts[0].files, lefts[-1].files) == (DUE | HELD, HELD)
