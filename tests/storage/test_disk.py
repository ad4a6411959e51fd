"""The kernel's calls on a real file system."""

import os
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import disk


def test_file_gets_a_new_name_and_never_that_of_another(tmp_path: Path) -> None:
    source, other = tmp_path / "source", tmp_path / "other"
    source.write_bytes(b"source")
    other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        disk.rename_exclusive(source, other)
    assert other.read_bytes() == b"other"
    disk.rename_exclusive(source, tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"source"
    assert not source.exists()


def test_reserved_blocks_do_not_lengthen_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"short")
    with path.open("rb+") as file:
        disk.fallocate(file.fileno(), 5, 1 << 20)
    assert path.stat().st_size == 5
    assert path.stat().st_blocks * 512 >= 1 << 20


@pytest.mark.parametrize("call", [disk.syncfs, lambda fd: disk.fallocate(fd, 0, 1)])
def test_error_of_the_kernel_is_raised(tmp_path: Path, call: object) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    os.close(fd)
    assert callable(call)
    with pytest.raises(OSError, match="Bad file descriptor"):
        call(fd)


def test_thread_that_reads_behind_others_is_idle_for_the_kernel_and_no_other_is() -> None:
    def priority() -> int:
        return int(disk._libc.syscall({"x86_64": 252, "aarch64": 31}[platform.machine()], 1, 0)) >> 13

    before = priority()
    with ThreadPoolExecutor(1, initializer=disk.read_behind_others) as thread:
        assert thread.submit(priority).result() == 3
    assert priority() == before
