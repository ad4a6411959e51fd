"""When a dome was elsewhere is in the index; where it looked is not."""

from pathlib import Path

from nvr.base.ids import CameraId
from storage.index.on_domes import moves
from storage.index.rows import MoveRow
from storage.index.tables import MOVE
from storage.index.writer import Index
from storage.ledger.machine import Move
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import uuid


def move(number: int, begin: int, end: int | None, camera: str = "dome") -> Move:
    return Move(move=uuid(number), camera=camera, from_utc_us=begin, to_utc_us=end, why="left", moves=1)


def found(path: Path, told: list[Move], begin: int, end: int) -> list[MoveRow]:
    index = Index(path / "index.db")
    index.apply(leaves(told))
    try:
        return index.answer(lambda connection: moves(connection, CameraId("dome"), begin, end))
    finally:
        index.close()


def test_second_entry_of_a_move_ends_it(tmp_path: Path) -> None:
    assert found(tmp_path, [move(1, 10, None), move(1, 10, 20)], 0, 100) == [(10, 20, "left", 1)]


def test_only_moves_of_the_camera_and_the_time_are_found_and_those_that_go_on(tmp_path: Path) -> None:
    told = [move(1, 10, 20), move(2, 20, 30), move(3, 40, None), move(4, 25, 30, "other"), move(5, 60, None)]
    assert [row.from_utc_us for row in found(tmp_path, told, 20, 60)] == [20, 40]


def test_move_that_ends_before_it_begins_is_taken_as_empty(tmp_path: Path) -> None:
    assert found(tmp_path, [move(1, 10, 5)], 0, 100) == [(10, 10, "left", 1)]


def test_index_has_no_column_for_a_position() -> None:
    assert set(MOVE.c.keys()) == {"move", "camera", "from_utc_us", "to_utc_us", "why", "moves"}
