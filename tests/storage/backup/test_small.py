"""Small files come back with content, mode and owner, and none of them goes where it should not."""

from pathlib import Path

import pytest

from storage.backup.age import BackupDamaged
from storage.backup.small import Owned, pack, place, read_owned, unpack


def test_files_and_folders_come_back_as_they_were(tmp_path: Path) -> None:
    file, folder = tmp_path / "a.key", tmp_path / "folder"
    file.write_bytes(b"seed")
    file.chmod(0o600)
    folder.mkdir(mode=0o750)
    packed = unpack(pack({"a.key": read_owned(file), "owner/x": read_owned(folder), "b": read_owned(file, b"other")}))
    assert {name: one.content for name, one in packed.items()} == {"a.key": b"seed", "owner/x": None, "b": b"other"}
    assert packed["a.key"].user == file.owner()
    place(tmp_path / "new" / "a.key", packed["a.key"])
    place(tmp_path / "new" / "x", packed["owner/x"])
    assert (tmp_path / "new" / "a.key").read_bytes() == b"seed"
    assert (tmp_path / "new" / "a.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / "x").stat().st_mode & 0o777 == 0o750


def test_owner_that_the_machine_does_not_know_changes_nothing(tmp_path: Path) -> None:
    place(tmp_path / "a", Owned(b"x", 0o640, "nobody-knows", ""))
    assert (tmp_path / "a").owner() == tmp_path.owner()


def test_what_is_no_tar_is_damaged() -> None:
    with pytest.raises(BackupDamaged):
        unpack(b"x" * 2000)
