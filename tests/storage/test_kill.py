"""The recorder is killed at each step of a segment's life: the next start finds all of what it had written."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nvr.base.ids import SegmentId
from storage.growing import Discarded
from tests.storage.killed_recorder import STEPS
from tests.storage.restarted import Restarted
from tests.storage.story import Promise, Spooled, Synced, spools_of

ROOT = Path(__file__).resolve().parents[2]

RECORDS = {"O1": 0, "O2": 0, "O3": 1, "A1": 2, "S1": 5, "C1": 6, "C2": 6, "C3": 6, "C4": 6, "C5": 10}
"""Whole records at this step, init records among them: a kill, unlike the power, takes nothing that was written."""


@pytest.mark.parametrize("step", [*STEPS, "C5"])
def test_recorder_killed_after_a_step_leaves_what_the_next_start_seals(
    founded: Path, tmp_path: Path, step: str
) -> None:
    directory = tmp_path / "machine"
    promises = killed_after(step, directory)
    spools_of(directory).rename(tmp_path / "spool")
    shutil.rmtree(directory / "state")
    shutil.copytree(founded, directory / "state")
    (tmp_path / "spool").rename(spools_of(directory))
    restarted = Restarted(directory)
    restarted.check(promises)
    assert sum(seal.records for seal in restarted.seals.values()) == RECORDS[step]
    assert sum(isinstance(found, Discarded) for found in restarted.found) == (step == "O2")


def killed_after(step: str, directory: Path) -> list[Promise]:
    """What the recorder had promised by then."""
    command = [sys.executable, "-m", "tests.storage.killed_recorder", str(directory), step]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False, timeout=50)
    assert ended.returncode == -signal.SIGKILL
    return [_promise(json.loads(line)) for line in ended.stdout.splitlines()]


def _promise(said: dict[str, dict[str, int] | list[str]]) -> Promise:
    match said:
        case {"synced": dict() as records}:
            return Synced({SegmentId(segment): count for segment, count in records.items()})
        case {"spooled": list() as segments}:
            return Spooled([SegmentId(segment) for segment in segments])
    raise AssertionError(said)
