"""A merged key file has what is live in any copy, and nothing of what is shredded in one."""

from pathlib import Path

import pytest

from nvr.base.ids import SegmentId
from storage.backup.keys import merge, read_places
from storage.keyring import create_place
from storage.keyring.layout import FileHead, KeyringDamaged, pack_slot, pack_tombstone
from storage.keyring.places import KeyringFile, open_or_create

HEAD = FileHead(slot_bytes=4096, shard=0, day="20260921", set_hash=bytes(32))
A, B, C, D = (SegmentId(f"{number:032x}") for number in range(1, 5))


def copy_of(path: Path, *slots: bytes) -> Path:
    with open_or_create(path, HEAD) as file:
        for number, slot in enumerate(slots):
            file.write(number, slot)
    return path


def live(segment: SegmentId) -> bytes:
    return pack_slot(segment, f"key of {segment}".encode(), HEAD.slot_bytes)


def payloads(path: Path) -> dict[SegmentId, bytes | None]:
    with KeyringFile(path) as file:
        return {head.segment: file.payload(number, head) for number, head in file.slots() if head is not None}


def test_copies_make_one_and_a_tombstone_in_any_of_them_wins(tmp_path: Path) -> None:
    torn = live(D)[:50].ljust(4096, b"\x01")
    one = copy_of(tmp_path / "one", live(A), live(B), torn)
    two = copy_of(tmp_path / "two", pack_tombstone(A, 4096), live(C))
    merged = merge([one, two], tmp_path / "out", without={C})
    assert merged is not None
    assert (merged.live, merged.dead, merged.bad) == (frozenset({B}), frozenset({A, C}), {})
    assert payloads(tmp_path / "out") == {A: None, B: f"key of {B}".encode(), C: None}
    content = (tmp_path / "out").read_bytes()
    assert f"key of {A}".encode() not in content
    assert f"key of {C}".encode() not in content
    assert b"\x01" * 100 not in content


def test_copy_that_can_not_be_read_is_told_and_one_that_is_gone_is_not(tmp_path: Path) -> None:
    good = copy_of(tmp_path / "good", live(A))
    bad = copy_of(tmp_path / "bad", live(B))
    bad.write_bytes(b"x" * 5000)
    merged = merge([bad, tmp_path / "buried", good], tmp_path / "out")
    assert merged is not None
    assert set(merged.bad) == {bad}
    assert merged.live == {A}
    assert merge([tmp_path / "buried"], tmp_path / "none") is None
    assert not (tmp_path / "none").exists()
    with pytest.raises(KeyringDamaged):
        merge([bad], tmp_path / "never")


def test_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    create_place(tmp_path / "1")
    copy_of(tmp_path / "1" / HEAD.name, live(A))
    found = read_places([tmp_path / "1", tmp_path / "2"])
    assert found.copies == {HEAD.name: [tmp_path / "1" / HEAD.name]}
    assert set(found.out) == {tmp_path / "2"}
