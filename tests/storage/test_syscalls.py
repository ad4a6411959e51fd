"""The kernel's calls on a real file system."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.syscalls import rename_to_new, reserve, sync_filesystem


def test_file_gets_a_new_name_and_never_that_of_another(tmp_path: Path) -> None:
    source, other = tmp_path / "source", tmp_path / "other"
    source.write_bytes(b"source")
    other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        rename_to_new(source, other)
    assert other.read_bytes() == b"other"
    rename_to_new(source, tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"source"
    assert not source.exists()


def test_reserved_blocks_do_not_lengthen_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"short")
    with path.open("rb+") as file:
        reserve(file.fileno(), 5, 1 << 20)
    assert path.stat().st_size == 5
    assert path.stat().st_blocks * 512 >= 1 << 20


@pytest.mark.parametrize("call", [sync_filesystem, lambda fd: reserve(fd, 0, 1)])
def test_error_of_the_kernel_is_raised(tmp_path: Path, call: object) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    os.close(fd)
    assert callable(call)
    with pytest.raises(OSError, match="Bad file descriptor"):
        call(fd)


GROWING = """
import sys
from storage.syscalls import map_blocks_from

def heap_bytes():
    for line in open("/proc/self/maps"):
        if line.endswith("[heap]\\n"):
            begin, end = line.split()[0].split("-")
            return int(end, 16) - int(begin, 16)

if sys.argv[1] == "mapped":
    map_blocks_from(128 << 10)
large = bytearray(16 << 20)
del large
before = heap_bytes()
kept = [bytearray(300 << 10) for _ in range(50)]
print(heap_bytes() - before)
"""


@pytest.mark.parametrize(("how", "in_heap"), [("left", True), ("mapped", False)])
def test_large_blocks_leave_the_heap_alone_once_they_are_mapped(how: str, in_heap: bool) -> None:
    ended = subprocess.run([sys.executable, "-c", GROWING, how], capture_output=True, check=True, text=True)
    assert (int(ended.stdout) > 8 << 20) is in_heap
