"""The system calls by which something becomes durable, or is taken away: storage makes them here, and nowhere else.

Always called through the module, `disk.fsync(fd)`, so that a test can put a disk that fails, hangs or loses its power
in place of every one of them. The names are POSIX's; what a call promises stands with whoever puts calls in order
(`storage.durable`). All release the interpreter lock, and raise OSError.
"""

import ctypes
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

_KEEP_SIZE: Final = 1
"""FALLOC_FL_KEEP_SIZE (linux/falloc.h): reserve blocks beyond the end, leave the file's length."""

_AT_FDCWD: Final = -100
_NOREPLACE: Final = 1
"""RENAME_NOREPLACE (linux/fs.h)."""

_IOPRIO_SET: Final = MappingProxyType({"x86_64": 251, "aarch64": 30})
"""The C library has no function for it (asm/unistd.h)."""
_THIS_THREAD: Final = 1
"""IOPRIO_WHO_PROCESS, which means a thread (linux/ioprio.h)."""
_IDLE: Final = 3 << 13
"""IOPRIO_CLASS_IDLE."""

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.syncfs.argtypes = [ctypes.c_int]
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
_libc.renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]


def open_file(path: Path, flags: int, mode: int = 0o640) -> int:
    """A descriptor of the file, which children do not inherit."""
    return os.open(path, flags, mode)


def writev(fd: int, parts: Sequence[bytes | bytearray | memoryview]) -> int:
    """Append some of the parts' bytes at the descriptor's position; how many, which may be fewer than all."""
    return os.writev(fd, parts)


def pwrite(fd: int, data: bytes | bytearray | memoryview, offset: int) -> int:
    """Write some of the bytes at the offset; how many, which may be fewer than all."""
    return os.pwrite(fd, data, offset)


def pread(fd: int, size: int, offset: int) -> bytes:
    """Up to so many bytes from the offset on; none at the end of the file."""
    return os.pread(fd, size, offset)


def forget(fd: int) -> None:
    """Let what memory holds of the file go, as far as it is on the disk: the next read asks the disk."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def ftruncate(fd: int, size: int) -> None:
    """Give the file this length; blocks that were reserved beyond are freed."""
    os.ftruncate(fd, size)


def fallocate(fd: int, offset: int, size: int) -> None:
    """Reserve blocks for [offset, offset + size) without changing the file's length (fallocate(2)).

    Raises:
        OSError: no room (ENOSPC), or the file system can not reserve (EOPNOTSUPP).
    """
    if _libc.fallocate(fd, _KEEP_SIZE, offset, size) != 0:
        raise _error()


def allocate(fd: int, size: int) -> None:
    """Give the file this length with a block for every byte of it, on any file system (posix_fallocate(3)).

    Raises:
        OSError: no room (ENOSPC); some of the blocks may be there.
    """
    os.posix_fallocate(fd, 0, size)


def fsync(fd: int) -> None:
    """Make the file durable, or the names in a directory."""
    os.fsync(fd)


def fdatasync(fd: int) -> None:
    """Make the file's content and length durable."""
    os.fdatasync(fd)


def syncfs(fd: int) -> None:
    """Make everything durable that was written to the file system of this descriptor (syncfs(2)).

    Since Linux 5.8 it reports a write-back error of any file, once for each descriptor that is used for the call:
    keep one open for the life of the volume.

    Raises:
        OSError: some write was lost; which one is not known.
    """
    if _libc.syncfs(fd) != 0:
        raise _error()


def mkdir(path: Path, mode: int = 0o750) -> None:
    """Make one directory."""
    os.mkdir(path, mode)


def rmdir(path: Path) -> None:
    """Take an empty directory away."""
    os.rmdir(path)


def rename(source: Path, target: Path) -> None:
    """Give the file another name on the same file system, in place of what has it."""
    os.rename(source, target)


def rename_exclusive(source: Path, target: Path) -> None:
    """Give the file a name that nothing has (renameat2(2)).

    Raises:
        FileExistsError: something has that name already.
        OSError: the file system refuses, or knows no such rename (EINVAL).
    """
    if _libc.renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _NOREPLACE) != 0:
        raise _error()


def link(source: Path, target: Path) -> None:
    """Give the file one more name, which nothing has."""
    os.link(source, target)


def unlink(path: Path) -> None:
    """Take the name away, and the file with its last one."""
    os.unlink(path)


def statvfs(path: Path) -> os.statvfs_result:
    """Room and state of the file system."""
    return os.statvfs(path)


def read_behind_others() -> bool:
    """Have what this thread reads wait for everybody else's (ioprio_set(2), class idle); whether the kernel took it.

    Only some schedulers of the kernel look at it (BFQ): a bound on the rate is needed all the same.
    """
    call = _IOPRIO_SET.get(platform.machine())
    return call is not None and _libc.syscall(call, _THIS_THREAD, 0, _IDLE) == 0


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
