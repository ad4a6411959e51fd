"""What lies in a directory, as `sha256sum` sees it."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from access.export import files as files_module
from access.export.files import files_below, hash_files, sums


def make(root: Path) -> None:
    (root / "video").mkdir()
    (root / "video" / "b.mp4").write_bytes(b"b" * 100_000)
    (root / "a.txt").write_bytes(b"")


def test_every_file_is_listed_with_size_and_hash(tmp_path: Path) -> None:
    make(tmp_path)
    files = hash_files(tmp_path, files_below(tmp_path))
    assert [(file.path, file.size, file.sha256) for file in files] == [
        ("a.txt", 0, sha256(b"").hexdigest()),
        ("video/b.mp4", 100_000, sha256(b"b" * 100_000).hexdigest()),
    ]


def test_sha256sum_reads_the_list(tmp_path: Path) -> None:
    make(tmp_path)
    lines = sums(hash_files(tmp_path, files_below(tmp_path)))
    command = ["sha256sum", "--check", "--strict", "-"]
    told = subprocess.run(command, cwd=tmp_path, input=lines, capture_output=True, check=True).stdout
    assert told == b"a.txt: OK\nvideo/b.mp4: OK\n"


def test_hashing_of_a_long_file_asks_again_and_again_and_ends_when_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    monkeypatch.setattr(files_module, "_AT_ONCE_BYTES", 1000)
    asked: list[None] = []

    def ask() -> None:
        asked.append(None)
        if len(asked) == 50:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        hash_files(tmp_path, ["video/b.mp4"], ask)
    assert len(asked) == 50
