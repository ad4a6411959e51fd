"""What a pass does not destroy before a person has looked, and that nothing else waits for it."""

import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_DAY, UtcUs
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.retention import Decision, Reason, Verdict
from storage.retention_guards import Halt, blind, bulks, guard_mass, idle, recorded_us
from tests.storage.test_retention import START, segment

HALF_DAY_US = US_PER_DAY // 2
SEALED, LOST = SegmentState.SEALED, SegmentState.LOST


def piece(number: int, camera: str = "a", state: SegmentState = SEALED) -> SegmentRow:
    """Half a day of footage."""
    row = segment(number, START + number * HALF_DAY_US, camera)
    return dataclasses.replace(row, end_utc_us=UtcUs(row.start_utc_us + HALF_DAY_US), state=state)


def due(
    numbers: Iterable[int], camera: str = "a", reason: Reason = "camera", state: SegmentState = SEALED
) -> list[Decision]:
    return [Decision(piece(at, camera, state), Verdict.DUE, UtcUs(0), reason, None) for at in numbers]


def guard(decisions: list[Decision], half_days: int, *allowed: str, lost: int = 0) -> tuple[list[Decision], list[Halt]]:
    """With so many half days of each camera, sealed and lost."""
    bulk = bulks(decisions)
    there = {SEALED: half_days, LOST: lost}
    stock = {(camera, state): there[state] * HALF_DAY_US for camera, state in bulk}
    return guard_mass(decisions, bulk, stock, allowed)


@pytest.mark.parametrize(("half_days", "stops"), [(3, True), (4, False), (9, False)])
def test_more_than_half_of_a_camera_waits_for_a_person(half_days: int, stops: bool) -> None:
    kept, halts = guard(due(range(2)), half_days)
    assert (kept == [], len(halts)) == (stops, int(stops))


def test_less_than_a_days_worth_goes_even_when_it_is_all_there_is() -> None:
    assert guard(due(range(1)), 1) == (due(range(1)), [])


def test_cap_takes_everything_and_what_it_demands_of_a_stopped_camera() -> None:
    capped = due(range(8), reason="cap")
    assert guard(capped, 8) == (capped, [])
    kept, halts = guard([*capped, *due(range(8, 12))], 4)
    assert (kept, len(halts)) == (capped, 1)


def test_other_cameras_and_what_is_held_are_not_stopped() -> None:
    held = [dataclasses.replace(one, verdict=Verdict.HELD) for one in due([5])]
    other = due(range(1), "b")
    kept, halts = guard([*due(range(4)), *held, *other], 5)
    assert kept == [*held, *other]
    assert [halt.about for halt in halts] == ["a"]


def test_pressure_is_guarded_like_a_setting() -> None:
    assert guard(due(range(2), reason="pressure"), 3)[0] == []


def test_much_that_is_lost_does_not_make_what_is_there_a_small_part() -> None:
    decisions = [*due(range(2)), *due(range(10, 11), state=LOST)]
    kept, halts = guard(decisions, 2, lost=60)
    assert (kept, len(halts)) == ([], 1)


def test_lost_footage_is_guarded_by_itself() -> None:
    assert guard(due(range(4), state=LOST), 60, lost=4)[0] == []


def test_allowance_lets_the_camera_go_on_and_what_goes_by_it_says_so() -> None:
    kept, halts = guard([*due(range(2)), *due(range(2), "b")], 2, "a")
    assert [(one.segment.camera, one.allowed) for one in kept] == [("a", "a"), ("a", "a")]
    assert [halt.about for halt in halts] == ["b"]


def test_allowance_that_was_not_needed_is_not_used() -> None:
    kept, _ = guard(due(range(2)), 9, "a")
    assert [one.allowed for one in kept] == [None, None]


@given(
    decided=st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.sampled_from(["cap", "camera", "pressure"]),
            st.sampled_from([SEALED, LOST]),
            st.sampled_from(list(Verdict)),
        ),
        max_size=12,
    ),
    stock=st.integers(0, 12),
    allowed=st.sets(st.sampled_from(["a", "b"])),
)
def test_guard_stops_only_what_no_cap_demands_of_cameras_that_it_names(
    decided: list[tuple[str, Reason, SegmentState, Verdict]], stock: int, allowed: set[str]
) -> None:
    decisions = [
        Decision(piece(at, camera, state), verdict, UtcUs(0), reason, None)
        for at, (camera, reason, state, verdict) in enumerate(decided)
    ]
    kept, halts = guard(decisions, stock, *allowed, lost=stock)
    named = {halt.about for halt in halts}
    dropped = {one.segment.seg for one in decisions} - {one.segment.seg for one in kept}
    for one in decisions:
        mine = one.segment.camera in named and one.verdict is Verdict.DUE and one.reason != "cap"
        assert (one.segment.seg in dropped) == mine
    for state in (SEALED, LOST):
        for camera in {"a", "b"} - set(allowed):
            going = [
                one.segment
                for one in kept
                if (one.segment.camera, one.segment.state) == (camera, state)
                and one.reason != "cap"
                and one.verdict is Verdict.DUE
            ]
            assert recorded_us(going) < US_PER_DAY or 2 * recorded_us(going) <= stock * HALF_DAY_US


def test_each_halt_says_what_it_is_about() -> None:
    _, (mass,) = guard(due(range(2)), 2)
    assert (mass.id, mass.fields["segments"], mass.fields["length"], mass.fields["stock"]) == (
        "retention-mass",
        2,
        "24 h",
        "24 h",
    )
    assert blind("/srv/d", "EIO").fields == {"volume": "/srv/d", "why": "EIO"}
    assert str(idle("/srv/d", 3, 3 << 30, 1 << 29)).startswith(
        "retention-idle: volume=/srv/d, segments=3, room=3.0 GiB"
    )
