"""The durable primitives: calls of `storage.disk` in the order that keeps a promise.

What each promises, and where the promise ends: after the call returns, the effect survives a power cut on a disk
that honours flushes. A failed sync is never retried: the kernel may have dropped the dirty pages and marked them
clean (fsync(2), "fsyncgate"), so what was written since the last good sync is unknown. The error goes up.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from storage import disk

_MODE: Final = 0o640
_BLOCK_BYTES: Final = 1 << 20


def write_all(fd: int, parts: Sequence[bytes | bytearray | memoryview]) -> int:
    """Append every byte of the parts at the descriptor's position; the number of bytes.

    `writev` may write less than asked (signals, quotas): the rest follows until all is written.

    Raises:
        OSError: the kernel refused; what was written before stays.
    """
    views = [memoryview(part).cast("B") for part in parts if len(part)]
    total = sum(len(view) for view in views)
    while views:
        written = disk.writev(fd, views)
        while views and written >= len(views[0]):
            written -= len(views[0])
            del views[0]
        if written:
            views[0] = views[0][written:]
    return total


def sync_directory(path: Path) -> None:
    """Make the names in the directory durable."""
    fd = disk.open_file(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)


def make_directory(path: Path, mode: int = 0o750) -> None:
    """Create the directory and its missing parents, each durable in its parent; existing ones are left."""
    missing = []
    at = path
    while not at.is_dir():
        missing.append(at)
        at = at.parent
    for directory in reversed(missing):
        try:
            disk.mkdir(directory, mode)
        except FileExistsError:  # somebody else has just made it
            sync_directory(directory.parent)
        else:
            _keep_only_if_durable(directory)


def _keep_only_if_durable(made: Path) -> None:
    try:
        sync_directory(made.parent)
    except OSError:
        with suppress(OSError):
            disk.rmdir(made)  # the next caller would find it, and take it for durable
        raise


def replace_file(path: Path, content: bytes, mode: int = _MODE, *, owner: tuple[int, int] | None = None) -> None:
    """Put the content at the path, whole or not at all: write beside, sync, rename, sync the directory.

    `owner`: user and group of the new file; else those of this process.
    """
    disk.rename(_written_beside(path, [content], mode, owner), path)
    sync_directory(path.parent)


def replace_from(path: Path, source: BinaryIO, mode: int = _MODE) -> None:
    """As `replace_file`, with what the source gives, however long."""
    blocks = iter(lambda: source.read(_BLOCK_BYTES), b"")
    disk.rename(_written_beside(path, blocks, mode), path)
    sync_directory(path.parent)


def create_file(path: Path, content: bytes, mode: int = _MODE) -> None:
    """Create a file that must not exist yet, durably, whole or not at all.

    Raises:
        FileExistsError: something has that name already; it was not touched.
    """
    beside = _written_beside(path, [content], mode)
    try:
        disk.rename_exclusive(beside, path)
    except OSError as error:
        try:
            if error.errno != errno.EINVAL:
                raise
            disk.link(beside, path)  # NFS, for one, knows no exclusive rename, but links
        finally:
            disk.unlink(beside)
    sync_directory(path.parent)


def _written_beside(path: Path, blocks: Iterable[bytes], mode: int, owner: tuple[int, int] | None = None) -> Path:
    """The content, synced, under one name of its own: a crash leaves one file at most, which the next writes over."""
    beside = path.with_name(f".{path.name}.new")
    fd = disk.open_file(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        if owner is not None:
            os.fchown(fd, *owner)
        os.fchmod(fd, mode)
        for block in blocks:
            write_all(fd, [block])
        disk.fsync(fd)
    except BaseException:
        disk.unlink(beside)
        raise
    finally:
        os.close(fd)
    return beside


def rename_file(source: Path, target: Path) -> None:
    """Give the file another name on the same volume, durably; its content must have been synced before."""
    disk.rename(source, target)
    sync_directory(target.parent)
    if source.parent != target.parent:
        sync_directory(source.parent)


def remove_file(path: Path) -> bool:
    """Remove the name, durably; whether there was one."""
    try:
        disk.unlink(path)
    except FileNotFoundError:
        return False
    sync_directory(path.parent)
    return True


def overwrite(path: Path, offset: int, content: bytes) -> None:
    """Write over bytes inside a file and make them durable (fdatasync): for shredding key slots."""
    fd = disk.open_file(path, os.O_WRONLY)
    try:
        view = memoryview(content)
        while view:
            written = disk.pwrite(fd, view, offset)
            view, offset = view[written:], offset + written
        disk.fdatasync(fd)
    finally:
        os.close(fd)


def remove_tree(path: Path) -> None:
    """Remove a directory with all that it holds, durably; a symbolic link inside is removed, not followed.

    Raises:
        FileNotFoundError: there is no such directory.
    """
    shutil.rmtree(path)
    sync_directory(path.parent)


def remove_files(paths: Iterable[Path]) -> int:
    """Remove these names, durably; how many there were. Each directory is synced once, after the last of them."""
    directories = set()
    removed = 0
    for path in paths:
        try:
            disk.unlink(path)
        except FileNotFoundError:
            continue
        directories.add(path.parent)
        removed += 1
    for directory in sorted(directories):
        sync_directory(directory)
    return removed
