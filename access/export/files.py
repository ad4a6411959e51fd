"""Step 4 of an export: the files of a directory, with their sizes and hashes."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from access.export.manifest import FileEntry

_AT_ONCE_BYTES: Final = 4 * 2**20


def files_below(root: Path) -> list[str]:
    """Every file of the directory, from it, with `/`, sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def hash_files(root: Path, paths: Iterable[str], ask: Callable[[], None] = lambda: None) -> list[FileEntry]:
    """Size and SHA-256 of each file. Blocks on the disk; `ask` is called again and again, and ends it by raising."""
    return [_hash_file(root, path, ask) for path in paths]


def sums(files: Iterable[FileEntry]) -> bytes:
    """The lines that `sha256sum -c` reads, sorted by path."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)).encode()


def _hash_file(root: Path, path: str, ask: Callable[[], None]) -> FileEntry:
    digest, room = sha256(), memoryview(bytearray(_AT_ONCE_BYTES))
    with (root / path).open("rb", buffering=0) as file:
        while read := file.readinto(room):
            ask()
            digest.update(room[:read])
        return FileEntry(path=path, size=file.tell(), sha256=digest.hexdigest())
