"""Slots are found where they were, also those that came later, those that were torn, and those of another file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.base.ids import SegmentId
from storage.keyring.layout import FIRST_SLOT, FileHead, SlotHead, SlotState, pack_slot, pack_tombstone
from storage.keyring.places import KeyringFile, open_or_create
from storage.keyring.reconcile import shred_in
from storage.keyring.slots import FILES, SlotMap

ONE, TWO, THREE = (SegmentId(f"{number:032x}") for number in (1, 2, 3))
SLOT = 4096
HEAD = FileHead(SLOT, shard=0, day="20260921", set_hash=bytes(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / HEAD.name
    write(path, 0, pack_slot(ONE, b"a", SLOT), pack_slot(TWO, b"b", SLOT), pack_slot(ONE, b"again", SLOT))
    return path


def write(path: Path, number: int, *slots: bytes) -> None:
    with open_or_create(path, HEAD) as file:
        file.write(number, b"".join(slots))


def found(where: SlotMap, path: Path, *segments: SegmentId) -> list[int]:
    with KeyringFile(path) as file:
        return [number for number, _ in where.find(file, segments)]


def test_every_slot_of_a_segment_is_found_and_no_other(path: Path) -> None:
    assert found(SlotMap(), path, ONE) == [0, 2]
    assert found(SlotMap(), path, ONE, TWO, THREE) == [0, 1, 2]


def test_slot_that_came_after_the_walk_is_found(path: Path) -> None:
    where = SlotMap()
    assert found(where, path, THREE) == []
    write(path, 3, pack_slot(THREE, b"c", SLOT), pack_slot(ONE, b"late", SLOT))
    assert found(where, path, ONE, THREE) == [0, 2, 3, 4]


def test_slot_that_was_half_written_when_it_was_walked_is_found(path: Path) -> None:
    where, slot = SlotMap(), pack_slot(THREE, b"c", SLOT)
    write(path, 3, bytes(16) + slot[16:], pack_slot(TWO, b"behind", SLOT))
    assert found(where, path, TWO, THREE) == [1, 4]
    write(path, 3, slot)
    assert found(where, path, TWO, THREE) == [1, 3, 4]


def test_head_is_as_it_is_now(path: Path) -> None:
    where = SlotMap()
    found(where, path, ONE)
    write(path, 0, pack_tombstone(ONE, SLOT))
    with KeyringFile(path) as file:
        assert [head.state for _, head in where.find(file, [ONE])] == [SlotState.SHREDDED, SlotState.LIVE]


def test_file_that_was_put_in_its_place_is_walked_anew(path: Path, tmp_path: Path) -> None:
    where = SlotMap()
    found(where, path, ONE)
    backup = tmp_path / "backup.keys"
    shutil.copy(path, backup)
    path.unlink()
    write(path, 0, pack_slot(TWO, b"b", SLOT), pack_slot(TWO, b"b", SLOT), pack_slot(ONE, b"a", SLOT))
    assert found(where, path, TWO) == [0, 1]
    backup.replace(path)
    assert found(where, path, ONE) == [0, 2]


def test_file_that_was_not_changed_but_by_its_shredder_is_walked_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, walks = SlotMap(), [0]
    real = KeyringFile.slots

    def counted(file: KeyringFile) -> Iterator[tuple[int, SlotHead | None]]:
        walks[0] += 1
        return real(file)

    monkeypatch.setattr(KeyringFile, "slots", counted)
    assert shred_in(path, [TWO], where) == 1
    assert shred_in(path, [ONE], where) == 2
    assert shred_in(path, [ONE, TWO], where) == 0
    assert walks == [1]


def test_few_files_are_remembered(path: Path) -> None:
    where = SlotMap()
    for number in range(FILES + 3):
        other = path.with_name(f"{number}.keys")
        shutil.copy(path, other)
        assert found(where, other, ONE) == [0, 2]
    assert len(where._walked) == FILES
    assert path.stat().st_size == FIRST_SLOT + 3 * SLOT
