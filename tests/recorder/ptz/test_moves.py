"""However often a dome moves, the ledger gets a bounded number of entries an hour, and the rest is counted."""

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from recorder.ptz.moves import MOST_PER_HOUR, Moves
from recorder.ptz.watch import Back, Left
from storage.records import MoveWhy
from tests.recorder.fakes import MemoryEvents

S = 1_000_000
HOUR = 3600 * S
BEGIN = 1_790_000_000 * S // HOUR * HOUR


def trip(moves: Moves, at_us: int, *, length_us: int = 10 * S) -> None:
    """It leaves, and comes back."""
    moves.step(Left(UtcUs(BEGIN + at_us)), UtcUs(BEGIN + at_us + S))
    moves.step(Back(UtcUs(BEGIN + at_us + length_us)), UtcUs(BEGIN + at_us + length_us))


def test_move_is_told_when_it_begins_and_again_when_it_ends() -> None:
    events = MemoryEvents()
    trip(Moves(CameraId("dome-1"), events), 0)
    begun, ended = events.moves
    assert begun.move == ended.move
    assert (begun.from_utc_us, begun.to_utc_us, begun.why, begun.moves) == (BEGIN, None, MoveWhy.LEFT, 1)
    assert (ended.from_utc_us, ended.to_utc_us) == (BEGIN, BEGIN + 10 * S)


def test_further_moves_of_an_hour_are_one_entry_with_their_number() -> None:
    events = MemoryEvents()
    moves = Moves(CameraId("dome-1"), events)
    for number in range(MOST_PER_HOUR + 40):
        trip(moves, number * 60 * S)
    assert len(events.moves) == 2 * MOST_PER_HOUR
    moves.tick(UtcUs(BEGIN + HOUR))
    many = events.moves[-1]
    assert (many.why, many.moves) == (MoveWhy.MANY, 40)
    first, last = BEGIN + MOST_PER_HOUR * 60 * S, BEGIN + (MOST_PER_HOUR + 39) * 60 * S + 10 * S
    assert (many.from_utc_us, many.to_utc_us) == (first, last)
    trip(moves, HOUR)
    assert len(events.moves) == 2 * MOST_PER_HOUR + 3


def test_what_is_untold_at_the_end_is_told() -> None:
    events = MemoryEvents()
    moves = Moves(CameraId("dome-1"), events)
    for number in range(MOST_PER_HOUR + 1):
        trip(moves, number * 60 * S)
    moves.close()
    moves.close()
    assert [move.why for move in events.moves].count(MoveWhy.MANY) == 1


def test_preset_that_means_another_position_is_told_within_the_same_bound() -> None:
    events = MemoryEvents()
    moves = Moves(CameraId("dome-1"), events)
    for number in range(MOST_PER_HOUR + 2):
        moves.preset_changed(UtcUs(BEGIN + number))
    moves.close()
    assert [move.why for move in events.moves] == [*[MoveWhy.PRESET] * MOST_PER_HOUR, MoveWhy.MANY]
    assert events.moves[-1].moves == 2


@given(trips=st.lists(st.tuples(st.integers(0, 90 * S), st.integers(2 * S, 4000 * S)), max_size=200))
def test_ledger_never_gets_more_than_the_design_says(trips: list[tuple[int, int]]) -> None:
    events = MemoryEvents()
    moves = Moves(CameraId("dome-1"), events)
    by_hour: dict[int, int] = {}
    at = 0
    for pause, length in trips:
        at += pause
        for step, now in ((Left(UtcUs(BEGIN + at)), at), (Back(UtcUs(BEGIN + at + length)), at + length)):
            before = len(events.moves)
            moves.step(step, UtcUs(BEGIN + now))
            hour = now // HOUR
            by_hour[hour] = by_hour.get(hour, 0) + len(events.moves) - before
        at += length
    moves.close()
    assert max(by_hour.values(), default=0) <= 14
    # Nothing is untold: each move is an entry of its own, or counted in one.
    told = {move.move: move.moves for move in events.moves}
    assert sum(told.values()) == len(trips)
