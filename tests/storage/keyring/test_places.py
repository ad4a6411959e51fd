from pathlib import Path

import pytest

from storage.keyring import KeyringDamaged, create_place
from storage.keyring.places import KeyringFile, check_place, file_names, open_or_create
from tests.storage.keyring.records import DAY, key_record, writer
from tests.storage.keyring.test_layout import HEAD


def test_place_is_made_once_and_recognised(tmp_path: Path) -> None:
    create_place(tmp_path / "a")
    create_place(tmp_path / "a")
    check_place(tmp_path / "a")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"t":"scelle-keyring","v":2}', b'{"t":"scelle-volume","v":1}']
)
def test_anything_else_is_no_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scelle-keyring.json").write_bytes(content)
    with pytest.raises(OSError, match="no place"):
        check_place(tmp_path)
    with pytest.raises(OSError, match="no place"):
        create_place(tmp_path)
    assert (tmp_path / "scelle-keyring.json").read_bytes() == content


def test_files_are_listed_by_their_path_in_the_place(places: list[Path]) -> None:
    writer(places, shard=2).put(key_record(0))
    (places[0] / "2" / "notes.txt").write_text("not a keyring file")
    assert file_names(places[0]) == {f"2/{DAY}-00010203.keys"}


def test_file_with_another_head_is_not_opened_for_writing(tmp_path: Path) -> None:
    path = tmp_path / HEAD.name
    open_or_create(path, HEAD).close()
    with pytest.raises(OSError, match="another set"):
        open_or_create(path, HEAD.__class__(4096, HEAD.shard, HEAD.day, HEAD.set_hash))


@pytest.mark.parametrize("content", [b"", b"SVKEY", bytes(5000)])
def test_file_without_a_head_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.keys").write_bytes(content)
    with pytest.raises(KeyringDamaged):
        KeyringFile(tmp_path / "x.keys")


def test_empty_file_has_no_slots(tmp_path: Path) -> None:
    with open_or_create(tmp_path / "x.keys", HEAD) as file:
        assert list(file.slots()) == []
        assert file.next_slot() == 0
