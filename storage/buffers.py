"""Memory of records, used over and over: the recorder fills a buffer, the volume's writer gives it back.

Left to itself every record is fresh memory, and a bytearray that grows among a hundred others is moved again and again
while it does.
"""

from collections import deque
from typing import Final

MOST_IDLE: Final = 16
"""Buffers that wait for use; beyond that a burst is over, and its memory goes back."""
MOST_IDLE_BYTES: Final = 2 << 20
"""A larger buffer was of a rare record, and is not kept."""

MAPPED_BYTES: Final = 128 << 10
"""Larger buffers are best mappings of their own (storage.memory.map_blocks_from): a hundred that grow side by side
leave the heap in pieces."""
_FIRST_BYTES: Final = 64 << 10
_STEP: Final = memoryview(bytes(32 << 10))


class BufferPool:
    """Any thread takes and gives; the one who took a buffer owns it until he gives it back, or forgets it."""

    def __init__(self) -> None:
        self._idle: deque[bytearray] = deque(maxlen=MOST_IDLE)

    def take(self) -> bytearray:
        """A buffer of some size; what stands in it is of no meaning."""
        try:
            return self._idle.pop()
        except IndexError:
            return bytearray(_FIRST_BYTES)

    def give(self, buffer: bytearray) -> None:
        """Take back what nobody reads any more."""
        if _FIRST_BYTES <= len(buffer) <= MOST_IDLE_BYTES:
            self._idle.append(buffer)


def extend(buffer: bytearray, size: int) -> None:
    """Let the buffer be of at least `size` bytes; one that was so large before is not moved in memory by it.

    CPython keeps what it allocated for a bytearray that shrinks to no less than half of it (PyByteArray_Resize).
    """
    while len(buffer) < size:
        buffer += _STEP
