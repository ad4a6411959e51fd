"""The power goes, or the process, at any moment of a backup: what is named a set is whole, and one has keys."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.backup.folder import remove_unfinished, sets_in
from storage.backup.reading import read_set
from tests.storage.backup.system import ready
from tests.storage.keeping.town import DAY_US
from tests.storage.power import Chooser, Left, Tape, anything, every_other, everything, nothing


@pytest.fixture(scope="module")
def taped(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """The second backup onto a medium."""
    system = asyncio.run(ready(tmp_path_factory.mktemp("system")))
    system.backup()
    system.town.clock.advance(DAY_US)
    with pytest.MonkeyPatch.context() as patch:
        tape = Tape(patch, [system.medium])
        system.backup()
        tape.mark("done")
    return tape


def check(tape: Tape, end: int, left: Left, directory: Path) -> None:
    directory.mkdir()
    tape.build(left, directory)
    medium = directory / "medium"
    for _ in range(2):
        sets = sets_in(medium)
        assert sets
        assert any(one.has_keys for one in sets)
        for one in sets:
            read_set(medium, one.name)
        assert len(sets) == 2 or not tape.marks(end)
        remove_unfinished(medium)
    assert {path.name for path in medium.iterdir()} == {"scelle-backup.json", *(one.name for one in sets_in(medium))}


@pytest.mark.parametrize("fates", [lambda: everything, lambda: nothing, every_other], ids=["all", "none", "second"])
def test_power_that_goes_at_any_moment_leaves_whole_sets(
    taped: Tape, tmp_path: Path, fates: Callable[[], Chooser]
) -> None:
    moments = range(taped.begin, len(taped.events) + 1)
    lefts = ((end, taped.left(end, fates())) for end in moments)
    for _, same in itertools.groupby(lefts, lambda one: one[1]):
        end, left = list(same)[-1]
        check(taped, end, left, tmp_path / str(end))


@pytest.mark.long
def test_power_that_goes_leaves_whole_sets_whatever_became_of_the_rest(taped: Tape, tmp_path: Path) -> None:
    for end, seed in itertools.product(range(taped.begin, len(taped.events) + 1), range(6)):
        check(taped, end, taped.left(end, anything(100 * end + seed)), tmp_path / f"{end}-{seed}")
