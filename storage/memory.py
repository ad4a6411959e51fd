"""How the C library keeps memory, where its own choice costs a recorder tens of megabytes."""

import ctypes
from typing import Final

_MMAP_THRESHOLD: Final = -3
"""M_MMAP_THRESHOLD (malloc.h)."""


def map_blocks_from(least_bytes: int) -> None:
    """Let blocks of memory of this size and more each be a mapping of its own, given back at once (mallopt(3)).

    Left to itself, glibc takes them from the heap as soon as a larger one was freed, and the heap keeps the pieces.
    Another C library knows no such setting, and has its own ways.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, least_bytes)
