"""The power goes at any moment of recording: what was durable is found, and nothing is claimed that is not there."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.power import Chooser, Left, Tape, anything, every_other, everything, nothing
from tests.storage.restarted import Restarted
from tests.storage.sealed import Recorder
from tests.storage.story import record, spools_of


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    directory = tmp_path_factory.mktemp("before")
    recorder = Recorder(directory)
    spools = spools_of(directory)
    spools.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        tape = Tape(patch, [recorder.volume.path, *recorder.places, spools])
        record(recorder, spools, tape.mark)
    return tape


def check(tape: Tape, end: int, left: Left, founded: Path, directory: Path) -> None:
    """Start the machine again after this cut, and hold everything against what was promised before."""
    directory.mkdir()
    tape.build(left, directory)
    shutil.copytree(founded, directory / "state")
    shutil.move(directory / "spool", spools_of(directory))
    Restarted(directory).check(tape.marks(end))


@pytest.mark.parametrize(
    "fates",
    [pytest.param(lambda: everything, marks=pytest.mark.long), lambda: nothing, every_other],
    ids=["all", "none", "second"],
)
def test_power_that_goes_at_any_moment_takes_only_what_no_sync_had_reached(
    recorded: Tape, founded: Path, tmp_path: Path, fates: Callable[[], Chooser]
) -> None:
    for end, left in _last_of_each(recorded, fates):
        check(recorded, end, left, founded, tmp_path / str(end))


def _last_of_each(tape: Tape, fates: Callable[[], Chooser]) -> Iterator[tuple[int, Left]]:
    """Each state that can be left, at the last moment that leaves it: the one of which most is promised."""
    moments = range(tape.begin, len(tape.events) + 1)
    lefts = ((end, tape.left(end, fates())) for end in moments)
    return (list(same)[-1] for _, same in itertools.groupby(lefts, lambda one: one[1]))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_power_that_goes_leaves_anything_of_what_no_sync_had_reached(
    recorded: Tape, founded: Path, tmp_path: Path
) -> None:
    for end, seed in itertools.product(range(recorded.begin, len(recorded.events) + 1), range(12)):
        directory = tmp_path / f"{end}-{seed}"
        check(recorded, end, recorded.left(end, anything(1000 * end + seed)), founded, directory)
        shutil.rmtree(directory)
