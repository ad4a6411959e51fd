"""What counts as a move: a departure from what is expected, seen twice; and nothing else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import UtcUs
from recorder.ptz.position import Kind, Position
from recorder.ptz.watch import Back, DomeState, Left, Step, Watch

S = 1_000_000
PLACES = {"A": 0, "B": 40_000, "C": 80_000}


@dataclass
class Seen:
    """A dome seen every second: a letter is a preset, `-` on its way, `x` and `y` are places without a name."""

    watch: Watch
    steps: list[tuple[int, Step]]

    def states(self, looks: str) -> list[DomeState]:
        states = []
        for number, look in enumerate(looks):
            pan = PLACES.get(look, {"x": 120_000, "y": 160_000}.get(look, 200_000 + 5_000 * number))
            position = Position(Kind.DEGREES, pan, 0, 0)
            preset = look if look in PLACES else None
            found = self.watch.observe(UtcUs(number * S), position, preset, moving=None if look != "-" else True)
            self.steps += [(number, step) for step in found]
            states.append(self.watch.state)
        return states


def told(expected: Collection[str], looks: str) -> list[tuple[int, Step]]:
    seen = Seen(Watch(expected), [])
    seen.states(looks)
    return seen.steps


def left(at: int, since: int) -> tuple[int, Step]:
    return at, Left(UtcUs(since * S))


def back(at: int, to: int | None = None) -> tuple[int, Step]:
    return at, Back(UtcUs((at if to is None else to) * S))


CASES: Sequence[tuple[str, Collection[str], str, list[tuple[int, Step]]]] = [
    ("one preset, never left", ["A"], "AAAAAAA", []),
    ("one preset, a slip", ["A"], "AAxAAA-AA", []),
    ("one preset, left and back", ["A"], "AAxxxAA", [left(3, 1), back(5)]),
    ("one preset, another one", ["A"], "AABBBB", [left(3, 1)]),
    ("one preset, elsewhere from the beginning", ["A"], "xxx", [left(1, 0)]),
    ("a tour", ["A", "B", "C"], "AA--BB---CC-AA", []),
    ("a tour that stops elsewhere", ["A", "B"], "AA-xxxxxxxx", [left(9, 1)]),
    ("a tour that stops elsewhere and goes on", ["A", "B"], "AA-xxxxxxxxB", [left(9, 1), back(11)]),
    ("a tour on its way for too long", ["A", "B"], "A" + "-" * 70, [left(61, 0)]),
    ("a tour that turns round to where it came from", ["A", "B"], "BBAA---AA", [left(7, 3), back(7)]),
    ("a tour at a preset that is not its own", ["A", "B"], "AACCCCCCCC", [left(8, 1)]),
    ("anything", ["*"], "A--xx--BByyy", []),
    ("nothing listed, standing", [], "xxxxx", []),
    ("nothing listed, moved", [], "xxx-yyyyyyyyy", [left(4, 2), back(10, to=5)]),
    ("nothing listed, moved and moved back", [], "xxx-yyxxxx", [left(4, 2), back(7)]),
    ("nothing listed, never still", [], "-----------", []),
]


@pytest.mark.parametrize(("expected", "looks", "steps"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_moves(expected: Collection[str], looks: str, steps: list[tuple[int, Step]]) -> None:
    assert told(expected, looks) == steps


def test_states_are_what_screens_say() -> None:
    assert Seen(Watch(["A"]), []).states("AA-xxA") == [
        DomeState.MOVING,
        DomeState.PRESET,
        DomeState.MOVING,
        DomeState.AWAY,
        DomeState.AWAY,
        DomeState.MOVING,
    ]
    watch = Watch([])
    assert watch.state is DomeState.UNKNOWN
    assert Seen(watch, []).states("xxAA")[1:] == [DomeState.STANDING, DomeState.MOVING, DomeState.PRESET]
    watch.lost()
    assert watch.state is DomeState.UNKNOWN


@pytest.mark.parametrize("expected", [[], ["A"], ["A", "B"]])
def test_dome_that_tells_no_position_is_judged_by_its_motor_alone(expected: list[str]) -> None:
    watch = Watch(expected)
    nowhere = Position(Kind.GENERIC, None, None, None)
    moving = [False, False, True, True, True, False]
    steps = [
        step
        for number, each in enumerate(moving)
        for step in watch.observe(UtcUs(number * S), nowhere, None, moving=each)
    ]
    assert steps == ([] if expected else [Left(UtcUs(S)), Back(UtcUs(5 * S))])
    assert watch.observe(UtcUs(9 * S), nowhere, None, moving=None) == []
    assert watch.state is DomeState.UNKNOWN


def test_dome_that_says_that_it_stands_is_believed_at_once() -> None:
    watch = Watch([])
    watch.observe(UtcUs(0), Position(Kind.DEGREES, 0, 0, 0), None, moving=False)
    assert watch.state is DomeState.STANDING


@given(
    expected=st.sampled_from([[], ["A"], ["A", "B"], ["A", "B", "C"]]),
    looks=st.text(alphabet="ABC-xy", max_size=80),
)
def test_departures_and_returns_take_turns_in_the_order_of_time(expected: list[str], looks: str) -> None:
    steps = [step for _, step in told(expected, looks)]
    assert all(isinstance(step, Left if at % 2 == 0 else Back) for at, step in enumerate(steps))
    instants = [step.from_utc_us if isinstance(step, Left) else step.to_utc_us for step in steps]
    assert instants == sorted(instants)


@given(expected=st.sampled_from([["A"], ["A", "B"]]), looks=st.text(alphabet="A-x", min_size=2, max_size=60))
def test_whoever_is_away_for_good_is_told(expected: list[str], looks: str) -> None:
    steps = told(expected, f"A{looks}" + "x" * 70)
    assert isinstance(steps[-1][1], Left)


def test_dome_that_is_away_and_on_its_way_is_known_to_move() -> None:
    watch = Watch(["A"])
    assert not watch.is_moving
    Seen(watch, []).states("AAxxx")
    assert (watch.state, watch.is_moving) == (DomeState.AWAY, False)
    Seen(watch, []).states("-----")
    assert (watch.state, watch.is_moving) == (DomeState.AWAY, True)
