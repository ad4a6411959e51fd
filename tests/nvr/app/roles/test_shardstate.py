"""No clock epoch is used twice by a shard, whatever ended the process before; no disk keeps it from recording."""

from pathlib import Path

import pytest

from nvr.app.roles.faults import Faults
from nvr.app.roles.shardstate import NOT_READ, NOT_WRITTEN, ShardState
from nvr.base.units import MAX_PERSISTED_INT

YEAR_2026_US = 1_767_225_600_000_000
SECOND_US = 1_000_000


def state(file: Path, faults: Faults | None = None) -> ShardState:
    return ShardState(file, faults or Faults())


def test_every_start_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "shard" / "0.json"
    assert [state(file).next_epoch(now) for now in (1, 2, 3)] == [1, 2, 3]


def test_epoch_that_began_while_recording_is_not_used_again(tmp_path: Path) -> None:
    shard = state(tmp_path / "0.json")
    shard.next_epoch(1)
    shard.note_epoch(5, 2)
    assert shard.next_epoch(3) == 6


def test_clock_that_went_back_gives_no_epoch_twice(tmp_path: Path) -> None:
    shard = state(tmp_path / "0.json")
    first = shard.next_epoch(YEAR_2026_US)
    assert shard.next_epoch(YEAR_2026_US - 3600 * SECOND_US) == first + 1


def test_disk_that_refuses_is_told_and_the_clock_gives_epochs_that_grow(tmp_path: Path) -> None:
    folder, faults = tmp_path / "shard", Faults()
    shard = state(folder / "0.json", faults)
    folder.write_text("no folder can be made here")
    first = shard.next_epoch(YEAR_2026_US)
    assert [fault["id"] for fault in faults.shown()] == [NOT_READ, NOT_WRITTEN]
    second = shard.next_epoch(YEAR_2026_US + SECOND_US)
    folder.unlink()
    third = shard.next_epoch(YEAR_2026_US + 2 * SECOND_US)
    assert 1 < first < second < third
    assert not faults.holds(NOT_WRITTEN, folder / "0.json")


@pytest.mark.parametrize("content", ["", "[]", '{"clock_epoch":"many"}'])
def test_state_that_can_not_be_trusted_is_told_and_never_begins_anew(tmp_path: Path, content: str) -> None:
    file, faults = tmp_path / "0.json", Faults()
    before = state(file).next_epoch(YEAR_2026_US)
    file.write_text(content)
    assert state(file, faults).next_epoch(YEAR_2026_US + SECOND_US) > before
    assert faults.holds(NOT_READ, file)


def test_clock_of_another_century_leaves_epochs_for_later(tmp_path: Path) -> None:
    epoch = state(tmp_path / "0.json").next_epoch(MAX_PERSISTED_INT)
    assert epoch == 2**31
