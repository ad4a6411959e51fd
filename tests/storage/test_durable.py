import errno
import io
import os
from pathlib import Path

import pytest

from storage import disk
from storage.durable import (
    create_file,
    make_directory,
    overwrite,
    remove_file,
    remove_tree,
    rename_file,
    replace_file,
    replace_from,
    write_all,
)
from tests.storage.faulty import FaultyDisk


def test_write_all_goes_on_after_a_short_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_writev = os.writev

    def short_writev(fd: int, views: list[memoryview]) -> int:
        return real_writev(fd, [views[0][:3]])

    monkeypatch.setattr(os, "writev", short_writev)
    fd = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    assert write_all(fd, [b"0123456", b"", bytearray(b"789"), memoryview(b"abcd")]) == 14
    os.close(fd)
    assert (tmp_path / "file").read_bytes() == b"0123456789abcd"


def test_replaced_file_is_the_old_one_or_the_new_one_when_the_sync_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")

    def failing_fsync(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing_fsync)
    with pytest.raises(OSError, match="Input/output"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"


def test_file_that_is_replaced_from_a_stream_has_its_own_mode_whatever_a_crash_left_beside_it(tmp_path: Path) -> None:
    path, content = tmp_path / "secrets", bytes(range(256)) * 9000
    (tmp_path / ".secrets.new").write_bytes(b"half")
    (tmp_path / ".secrets.new").chmod(0o666)
    replace_from(path, io.BytesIO(content), 0o600)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600


def test_created_file_never_replaces_another(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"first", mode=0o600)
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("call", ["writev", "fsync"])
def test_file_that_could_not_be_written_whole_is_not_there_and_can_be_created_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with monkeypatch.context() as patch:
        FaultyDisk(patch, tmp_path, fail_at=1, code=errno.ENOSPC, only=[call])
        with pytest.raises(OSError, match="No space"):
            create_file(tmp_path / "key", b"first")
    assert list(tmp_path.iterdir()) == []
    create_file(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"second"


def test_created_file_has_its_name_only_once_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[list[str]] = []
    real = os.fsync

    def noted(fd: int) -> None:
        synced.append([path.name for path in tmp_path.iterdir()])
        real(fd)

    monkeypatch.setattr(os, "fsync", noted)
    create_file(tmp_path / "key", b"content")
    assert synced == [[".key.new"], ["key"]]


def test_file_system_that_knows_no_exclusive_rename_gets_a_second_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_NOREPLACE", 1 << 30)  # a flag that no file system knows
    create_file(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "key", b"second")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", b"first")]


def test_removal_of_what_is_not_there_says_so(tmp_path: Path) -> None:
    create_file(tmp_path / "file", b"")
    assert remove_file(tmp_path / "file")
    assert not remove_file(tmp_path / "file")


def test_rename_moves_a_file_between_directories(tmp_path: Path) -> None:
    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b")
    create_file(tmp_path / "file", b"content")
    rename_file(tmp_path / "file", tmp_path / "a" / "b" / "file")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"


def test_overwrite_changes_only_the_named_bytes(tmp_path: Path) -> None:
    create_file(tmp_path / "file", b"0123456789")
    overwrite(tmp_path / "file", 3, b"\0\0\0")
    assert (tmp_path / "file").read_bytes() == b"012\0\0\x006789"


def test_tree_is_removed_whole_and_what_a_link_points_to_stays(tmp_path: Path) -> None:
    create_file(tmp_path / "kept", b"content")
    make_directory(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "link").symlink_to(tmp_path / "kept")
    remove_tree(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_directory_whose_name_could_not_be_made_durable_is_not_left_for_the_next_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        FaultyDisk(patch, tmp_path, only=["fsync"], fail_at=1)
        with pytest.raises(OSError, match="error"):
            make_directory(tmp_path / "day")
    assert not (tmp_path / "day").exists()
    synced = FaultyDisk(monkeypatch, tmp_path, only=["fsync"])
    make_directory(tmp_path / "day")
    assert synced.calls == ["fsync"]
