"""Who has a directory of a volume to himself: of two processes one, until it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.volume import VolumeLost
from storage.volume_lock import is_directory_of, lock_directory

HOLDER = """
import sys
from pathlib import Path
from storage.volume_lock import lock_directory
lock_directory(Path(sys.argv[1]), "keeper")
print("locked", flush=True)
sys.stdin.read()
"""


def test_directory_that_another_process_has_is_refused_until_that_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "segments")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(VolumeLost, match="another keeper has it"):
            lock_directory(tmp_path / "segments", "keeper")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        holder.kill()
    os.close(lock_directory(tmp_path / "segments", "keeper"))


def test_directory_that_can_not_be_made_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VolumeLost, match="Not a directory"):
        lock_directory(tmp_path / "file" / "segments", "keeper")


def test_name_that_leads_to_another_directory_is_told_from_the_one_that_is_open(tmp_path: Path) -> None:
    directory = tmp_path / "segments"
    fd = lock_directory(directory, "keeper")
    try:
        assert is_directory_of(fd, directory)
        directory.rename(tmp_path / "away")
        assert not is_directory_of(fd, directory)
        directory.mkdir()
        assert not is_directory_of(fd, directory)
    finally:
        os.close(fd)
