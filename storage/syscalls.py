"""Calls of the Linux kernel and of the C library that Python does not offer. They release the interpreter lock."""

import ctypes
import os
from pathlib import Path
from typing import Final

_KEEP_SIZE: Final = 1
"""FALLOC_FL_KEEP_SIZE (linux/falloc.h): reserve blocks beyond the end, leave the file's length."""

_AT_FDCWD: Final = -100
_NOREPLACE: Final = 1
"""RENAME_NOREPLACE (linux/fs.h)."""

_MMAP_THRESHOLD: Final = -3
"""M_MMAP_THRESHOLD (malloc.h)."""

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.syncfs.argtypes = [ctypes.c_int]
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
_libc.renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]


def sync_filesystem(fd: int) -> None:
    """Make everything durable that was written to the file system of this descriptor (syncfs(2)).

    Since Linux 5.8 it reports a write-back error of any file, once for each descriptor that is used for the call:
    keep one open for the life of the volume.

    Raises:
        OSError: some write was lost; which one is not known.
    """
    if _libc.syncfs(fd) != 0:
        raise _error()


def reserve(fd: int, offset: int, size: int) -> None:
    """Reserve blocks for [offset, offset + size) without changing the file's length (fallocate(2)).

    Raises:
        OSError: no room (ENOSPC), or the file system can not reserve (EOPNOTSUPP).
    """
    if _libc.fallocate(fd, _KEEP_SIZE, offset, size) != 0:
        raise _error()


def rename_to_new(source: Path, target: Path) -> None:
    """Give the file a name that nothing has (renameat2(2)).

    Raises:
        FileExistsError: something has that name already.
        OSError: the file system refuses, or knows no such rename (EINVAL).
    """
    if _libc.renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _NOREPLACE) != 0:
        raise _error()


def map_blocks_from(least_bytes: int) -> None:
    """Let blocks of memory of this size and more each be a mapping of its own, given back at once (mallopt(3)).

    Left to itself, glibc takes them from the heap as soon as a larger one was freed, and the heap keeps the pieces.
    Another C library knows no such setting, and has its own ways.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_MMAP_THRESHOLD, least_bytes)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
