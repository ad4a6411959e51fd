"""An evidence volume that is really full keeps the copies that it has, and takes more when there is room."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.mounts import in_small_disk

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.system("mount")
def test_disk_that_refuses_a_copy_for_want_of_room_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        in_small_disk("tests.storage.keeping.small_evidence", tmp_path, 2 << 20),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
