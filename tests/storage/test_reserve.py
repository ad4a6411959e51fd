"""The room that is kept: when it is made, when it is given, and what a crash leaves of it."""

import errno
from pathlib import Path

import pytest

from storage.reserve import NAME, ROOM_FACTOR, Reserve
from tests.storage.faulty import FaultyDisk

SIZE = 256 << 10
ENOUGH = ROOM_FACTOR * SIZE


def reserve(folder: Path, told: list[str]) -> Reserve:
    return Reserve(folder, SIZE, lambda: told.append("ran out"))


def no_room() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_reserve_has_a_block_for_every_byte(tmp_path: Path) -> None:
    made = reserve(tmp_path, [])
    made.make(ENOUGH)
    status = (tmp_path / NAME).stat()
    assert made.held
    assert status.st_size == SIZE <= status.st_blocks * 512


def test_reserve_is_not_made_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    made = reserve(tmp_path, [])
    made.make(ENOUGH - 1)
    assert not (tmp_path / NAME).exists()
    made.make(ENOUGH)
    assert (tmp_path / NAME).exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_step_that_finds_no_room_is_done_again_once_the_file_is_gone(tmp_path: Path, code: int) -> None:
    told: list[str] = []
    made = reserve(tmp_path, told)
    made.make(ENOUGH)

    def step() -> str:
        if (tmp_path / NAME).exists():
            raise OSError(code, "no room")
        return "done"

    assert made.with_room(step) == "done"
    assert told == ["ran out"]
    assert not made.held


def test_room_is_given_once_and_what_fails_otherwise_gets_none(tmp_path: Path) -> None:
    told: list[str] = []
    made = reserve(tmp_path, told)
    made.make(ENOUGH)

    def fails() -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input"):
        made.with_room(fails)
    assert made.held
    with pytest.raises(OSError, match="No space"):
        made.with_room(no_room)
    with pytest.raises(OSError, match="No space"):
        made.with_room(no_room)
    assert told == ["ran out"]


def test_records_may_take_a_part_of_what_was_given_and_the_rest_is_for_closing(tmp_path: Path) -> None:
    made = reserve(tmp_path, [])
    for _ in range(2):  # after it was made again, the same
        made.make(ENOUGH)
        assert made.spend(2 * SIZE)  # nothing was given yet: whether there is room the write tells
        with pytest.raises(OSError, match="No space"):
            made.with_room(no_room)
        assert made.spend(SIZE // 2)
        assert made.spend(SIZE // 4)
        assert not made.spend(1)


def test_reserve_of_the_process_before_is_taken_over_even_where_there_is_no_room(tmp_path: Path) -> None:
    reserve(tmp_path, []).make(ENOUGH)
    after = reserve(tmp_path, [])
    after.make(0)
    assert after.held


@pytest.mark.parametrize("left", [b"", b"x" * (SIZE // 2), b"x" * (2 * SIZE)])
def test_reserve_that_a_crash_left_half_made_is_made_anew(tmp_path: Path, left: bytes) -> None:
    (tmp_path / NAME).write_bytes(left)
    made = reserve(tmp_path, [])
    made.make(0)
    assert not (tmp_path / NAME).exists()
    made.make(ENOUGH)
    assert (tmp_path / NAME).stat().st_size == SIZE


def test_length_without_blocks_is_no_reserve(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(SIZE)
    made = reserve(tmp_path, [])
    made.make(0)
    assert not made.held


@pytest.mark.parametrize(("code", "told"), [(errno.ENOSPC, False), (errno.EIO, True)])
def test_room_that_was_taken_meanwhile_is_no_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, told: bool
) -> None:
    FaultyDisk(monkeypatch, tmp_path, only=["allocate"], fail_at=1, code=code)
    made = reserve(tmp_path, [])
    if told:
        with pytest.raises(OSError, match="Input"):
            made.make(ENOUGH)
    else:
        made.make(ENOUGH)
    assert not made.held
    assert not (tmp_path / NAME).exists()
