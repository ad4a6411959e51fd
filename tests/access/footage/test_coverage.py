"""Every second that was asked for has one fate, and what exists is told before anything else."""

from hypothesis import given
from hypothesis import strategies as st

from access.footage.coverage import Fate, Part, Told, parts, totals_us
from nvr.base.units import UtcUs
from storage.vanished import Vanished

NOTHING = Told((), (), (), ())


def gone(begin: int, end: int, cause: str = "destroyed", since: int | None = 900) -> Vanished:
    why = "cap" if cause == "destroyed" else "not on its volume"
    return Vanished(UtcUs(begin), UtcUs(end), cause, None if since is None else UtcUs(since), why)  # type: ignore[arg-type]


def test_each_second_is_told_with_its_fate_and_cause() -> None:
    told = Told([(10, 20), (20, 30)], [gone(0, 10), gone(30, 40, "lost")], [(40, 50, "silent")], [(0, 60)])
    assert parts(told, 0, 200, 150, 120) == [
        Part(Fate.DESTROYED, 0, 10, "cap", 900),
        Part(Fate.RECORDED, 10, 30),
        Part(Fate.LOST, 30, 40, "not on its volume", 900),
        Part(Fate.GAP, 40, 50, "silent"),
        Part(Fate.NEVER, 50, 60),
        Part(Fate.NO_CAMERA, 60, 150),
        Part(Fate.TO_COME, 150, 200),
    ]


def test_what_exists_is_told_though_something_else_speaks_of_the_same_seconds() -> None:
    told = Told([(10, 20)], [gone(0, 30)], [(5, 40, "clock")], [(0, None)])
    assert parts(told, 0, 40, 100, 90) == [
        Part(Fate.DESTROYED, 0, 10, "cap", 900),
        Part(Fate.RECORDED, 10, 20),
        Part(Fate.DESTROYED, 20, 30, "cap", 900),
        Part(Fate.GAP, 30, 40, "clock"),
    ]


def test_open_gap_ends_now_and_tells_nothing_of_the_future() -> None:
    told = Told((), (), [(10, None, "silent")], [(0, None)])
    assert [(one.fate, one.to_utc_us) for one in parts(told, 0, 100, 50, 40)] == [
        (Fate.NEVER, 10),
        (Fate.GAP, 50),
        (Fate.TO_COME, 100),
    ]


def test_what_was_destroyed_piece_by_piece_says_when_the_first_of_it_went() -> None:
    told = Told((), [gone(0, 10, since=None), gone(10, 20, since=950), gone(20, 30, since=940)], (), ())
    assert parts(told, 0, 30, 1000, 990) == [Part(Fate.DESTROYED, 0, 30, "cap", 940)]


def test_what_may_still_be_written_is_not_told_as_missing_while_the_camera_stood_there() -> None:
    told = Told([(100, 125)], (), [(130, 135, "silent")], [(90, 110), (120, None)])
    assert parts(told, 80, 160, 150, 105) == [
        Part(Fate.NO_CAMERA, 80, 90),
        Part(Fate.NEVER, 90, 100),
        Part(Fate.RECORDED, 100, 125),
        Part(Fate.GROWING, 125, 130),
        Part(Fate.GAP, 130, 135, "silent"),
        Part(Fate.GROWING, 135, 150),
        Part(Fate.TO_COME, 150, 160),
    ]
    assert parts(Told((), (), (), [(90, 100)]), 80, 160, 150, 95) == [
        Part(Fate.NO_CAMERA, 80, 90),
        Part(Fate.NEVER, 90, 95),
        Part(Fate.GROWING, 95, 100),
        Part(Fate.NO_CAMERA, 100, 150),
        Part(Fate.TO_COME, 150, 160),
    ]


def test_camera_that_stands_nowhere_and_may_be_written_all_the_same_is_not_told_as_missing() -> None:
    assert parts(NOTHING, 0, 40, 40, 30) == [Part(Fate.NO_CAMERA, 0, 30), Part(Fate.GROWING, 30, 40)]


def test_camera_of_which_nothing_is_known_stood_nowhere() -> None:
    assert parts(NOTHING, 0, 30, 1000, 990) == [Part(Fate.NO_CAMERA, 0, 30)]


TIMES = st.integers(0, 100)
SPANS = st.lists(st.tuples(TIMES, TIMES), max_size=5)


@given(SPANS, SPANS, SPANS, SPANS, st.tuples(TIMES, st.integers(1, 100)), TIMES, st.integers(0, 30))
def test_parts_are_the_whole_interval_in_order_and_what_exists_is_never_missing(
    recorded: list[tuple[int, int]],
    vanished: list[tuple[int, int]],
    gaps: list[tuple[int, int]],
    placed: list[tuple[int, int]],
    interval: tuple[int, int],
    now: int,
    settling: int,
) -> None:
    begin, end = interval[0], sum(interval)
    told = Told(
        [span for span in recorded if span[0] < span[1]],
        [gone(*span) for span in vanished],
        [(*span, "silent") for span in gaps],
        placed,
    )
    found = parts(told, begin, end, now, now - settling)
    assert [found[0].from_utc_us, *(part.to_utc_us for part in found)] == [
        *(part.from_utc_us for part in found),
        end,
    ]
    assert found[0].from_utc_us == begin
    assert all(part.from_utc_us < part.to_utc_us for part in found)
    there = {second for first, last in told.recorded for second in range(max(first, begin), min(last, end))}
    told_there = {
        second for part in found if part.fate is Fate.RECORDED for second in range(part.from_utc_us, part.to_utc_us)
    }
    assert told_there == there
    assert totals_us(found)[Fate.RECORDED] == len(there)
    assert sum(totals_us(found).values()) == end - begin
