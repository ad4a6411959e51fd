"""Step 4 of an export: the files of a directory, with their sizes and hashes."""

from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

from access.export.manifest import FileEntry


def files_below(root: Path) -> list[str]:
    """Every file of the directory, from it, with `/`, sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def hash_files(root: Path, paths: Iterable[str]) -> list[FileEntry]:
    """Size and SHA-256 of each file. Blocks on the disk."""
    return [_hash_file(root, path) for path in paths]


def sums(files: Iterable[FileEntry]) -> bytes:
    """The lines that `sha256sum -c` reads, sorted by path."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)).encode()


def _hash_file(root: Path, path: str) -> FileEntry:
    with (root / path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return FileEntry(path=path, size=file.tell(), sha256=digest)
