"""What the C library does with the memory of a process that grows."""

import subprocess
import sys

import pytest

GROWING = """
import sys
from storage.memory import map_blocks_from

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
