"""A disk that is really full costs its cameras the time without room, and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.mounts import in_small_disk

ROOT = Path(__file__).resolve().parents[2]
DISK_BYTES = 224 << 20


@pytest.mark.system("mount")
def test_disk_that_fills_costs_the_time_until_there_is_room_and_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        in_small_disk("tests.acceptance.full_disk", tmp_path, DISK_BYTES),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
