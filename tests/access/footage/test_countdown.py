"""The countdown never says later than the truth: what retention itself would decide is asked for comparison."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from access.footage.countdown import LONGEST_SEGMENT_US, Asked, Countdown, Keeping, State, Terms, countdown
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.rows import CameraRow, Order
from storage.retention import Rules

PARIS = ZoneInfo("Europe/Paris")
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def at(month: int, day: int, hour: int = 0, minute: int = 0, fold: int = 0) -> int:
    local = datetime(2026, month, day, hour, minute, tzinfo=PARIS, fold=fold)
    return int(local.astimezone(UTC).timestamp()) * 1_000_000


NOW = at(10, 20, 12)


def order(days: int, begin: int = 0, end: int | None = None, minimum: int | None = None, name: str = "a") -> Order:
    to_utc_us = None if end is None else UtcUs(end)
    return Order(name, name, UtcUs(begin), to_utc_us, days, minimum, None)


def terms(*orders: Order, own: int | None = None, now: int = NOW, **more: Any) -> Terms:  # noqa: ANN401 -- fields
    cameras = {name: CameraRow(CameraId(name), 0, own if name == "c1" else None, False) for name in ("c1", "c2")}
    return Terms(Rules(orders or (order(10),), cameras, PARIS), **{"keeping": {}, "now_utc_us": now, **more})


def told(
    begin: int, end: int, given_terms: Terms, cameras: Sequence[str] = ("c1",), *, exact: bool = True
) -> Countdown:
    found = countdown(Asked(cameras, begin, end, begin if exact else None), given_terms)
    assert found is not None
    return found


def test_first_to_go_is_told_with_what_remains() -> None:
    found = told(at(10, 15, 8), at(10, 17), terms(), ["c2"])
    assert (found.state, found.destroyed_utc_us, found.camera) == (State.COUNTING, at(10, 26), "c2")
    assert found.remaining_us == at(10, 26) - NOW
    assert (found.held, found.held_until_utc_us, found.early_utc_us, found.to_come) == ("none", None, None, False)


def test_camera_that_keeps_fewer_days_goes_first() -> None:
    found = told(at(10, 15, 8), at(10, 17), terms(own=7), ["c2", "c1"])
    assert (found.camera, found.destroyed_utc_us) == ("c1", at(10, 23))


def test_segment_of_the_first_second_may_have_begun_on_the_day_before() -> None:
    begin, end = at(10, 15, 0, 4), at(10, 15, 1)
    assert told(begin, end, terms(), exact=False).destroyed_utc_us == at(10, 25)
    assert told(begin + MINUTE_US, end, terms(), exact=False).destroyed_utc_us == at(10, 26)
    assert told(begin, end, terms(), exact=True).destroyed_utc_us == at(10, 26)


def test_what_goes_day_by_day_is_partly_over_and_says_when_the_next_day_goes() -> None:
    found = told(at(10, 5), at(10, 12), terms())
    assert (found.state, found.destroyed_utc_us) == (State.PARTLY_OVER, at(10, 21))
    assert told(at(10, 5), at(10, 9), terms()).state is State.OVER
    assert told(at(1, 5), at(10, 9), terms()).state is State.OVER


def test_legal_month_goes_by_the_second() -> None:
    found = told(at(9, 19), at(9, 22), terms(order(31)))
    assert found.state is State.PARTLY_OVER
    assert 0 < (found.remaining_us or 0) <= 2_000_000


def test_order_that_follows_and_keeps_less_is_looked_at_within_the_interval() -> None:
    orders = order(30, end=at(10, 16)), order(5, begin=at(10, 16), name="b")
    assert told(at(10, 15), at(10, 18), terms(*orders)).destroyed_utc_us == at(10, 22)


def test_order_that_begins_with_the_interval_counts_though_a_segment_may_have_begun_before_it() -> None:
    orders = order(30, end=at(10, 16, 8)), order(5, begin=at(10, 16, 8), name="b")
    found = told(at(10, 16, 8), at(10, 18), terms(*orders), exact=False)
    assert found.destroyed_utc_us == at(10, 22)
    orders = order(30, end=at(10, 15, 23, 59)), order(5, begin=at(10, 15, 23, 59), name="b")
    found = told(at(10, 16, 0, 2), at(10, 18), terms(*orders), exact=False)
    assert found.destroyed_utc_us == at(10, 21)


def test_hold_without_end_stops_the_countdown_only_for_what_it_covers() -> None:
    keeping = {"c1": [Keeping(at(10, 15), at(10, 16), None)]}
    whole = told(at(10, 15), at(10, 16), terms(keeping=keeping))
    assert (whole.state, whole.held, whole.destroyed_utc_us, whole.remaining_us) == (State.HELD, "whole", None, None)
    part = told(at(10, 15), at(10, 18), terms(keeping=keeping))
    assert (part.state, part.held, part.destroyed_utc_us) == (State.COUNTING, "part", at(10, 27))
    other = told(at(10, 15), at(10, 16), terms(keeping=keeping), ["c1", "c2"])
    assert (other.held, other.camera) == ("part", "c2")


def test_of_several_holds_the_last_to_end_counts() -> None:
    holds = [Keeping(at(10, 1), at(10, 2), at(10, 22)), Keeping(at(10, 1), at(10, 2), at(11, 3))]
    found = told(at(10, 1), at(10, 2), terms(keeping={"c1": holds}))
    assert (found.state, found.held, found.destroyed_utc_us) == (State.COUNTING, "whole", at(11, 3))
    assert found.held_until_utc_us == at(11, 3)
    short = told(at(10, 15), at(10, 16), terms(keeping={"c1": [Keeping(at(10, 15), at(10, 16), at(10, 21))]}))
    assert (short.destroyed_utc_us, short.held_until_utc_us) == (at(10, 26), None)


def test_what_is_left_under_hold_is_held_though_the_rest_is_over() -> None:
    found = told(at(10, 1), at(10, 3), terms(keeping={"c1": [Keeping(at(10, 1), at(10, 2), None)]}))
    assert (found.state, found.held) == (State.HELD, "part")


def test_full_disk_is_told_where_it_may_take_footage_before_its_time_and_not_before_the_minimum() -> None:
    tight = {"pressure_utc_us": at(10, 21, 6)}
    assert told(at(10, 15), at(10, 16), terms(**tight)).early_utc_us == at(10, 21, 6)
    assert told(at(10, 15), at(10, 16), terms(order(10, minimum=8), **tight)).early_utc_us == at(10, 24)
    assert told(at(10, 15), at(10, 16), terms(order(10, minimum=10), **tight)).early_utc_us is None
    assert told(at(10, 15), at(10, 16), terms(pressure_utc_us=at(10, 27))).early_utc_us is None
    assert told(at(10, 15), at(10, 16), terms(pressure_utc_us=at(10, 2))).early_utc_us == NOW
    held = {"c1": [Keeping(at(10, 15), at(10, 16), at(11, 3))]}
    assert told(at(10, 15), at(10, 16), terms(keeping=held, **tight)).early_utc_us is None
    short = {"c1": [Keeping(at(10, 15), at(10, 16), at(10, 23))]}
    assert told(at(10, 15), at(10, 16), terms(keeping=short, **tight)).early_utc_us == at(10, 23)


def test_minimum_of_the_order_before_does_not_protect_what_began_under_the_next_one() -> None:
    change = at(10, 15)
    orders = order(10, end=change, minimum=8), order(10, begin=change, name="b")
    found = told(change, at(10, 16), terms(*orders, pressure_utc_us=at(10, 21)), exact=False)
    assert (found.destroyed_utc_us, found.early_utc_us) == (at(10, 25), at(10, 21))


def test_minimum_of_what_is_gone_already_does_not_count_for_the_rest() -> None:
    found = told(at(10, 8), at(10, 12), terms(order(10, minimum=10), pressure_utc_us=at(10, 20, 18)))
    assert (found.state, found.destroyed_utc_us, found.early_utc_us) == (State.PARTLY_OVER, at(10, 21), None)


def test_full_disk_is_told_too_where_it_may_take_what_would_go_last() -> None:
    kept = {"c1": [Keeping(at(10, 15), at(10, 16), at(10, 25))]}
    found = told(at(10, 15), at(10, 16), terms(own=9, keeping=kept, pressure_utc_us=at(10, 21)), ["c1", "c2"])
    assert (found.camera, found.destroyed_utc_us) == ("c1", at(10, 25))
    assert found.early_utc_us == at(10, 21)


def test_interval_that_is_to_come_is_told_so_with_the_day_on_which_it_will_go() -> None:
    found = told(at(10, 22), at(10, 23), terms())
    assert (found.to_come, found.state, found.destroyed_utc_us) == (True, State.COUNTING, at(11, 2))
    assert told(at(10, 19), at(10, 23), terms()).to_come is False


def test_nothing_is_told_where_no_camera_is_asked_for() -> None:
    assert countdown(Asked((), at(10, 22), at(10, 23)), terms()) is None


def test_both_half_past_two_of_the_october_night_are_told_apart() -> None:
    first, second = at(10, 25, 2, 30), at(10, 25, 2, 30, fold=1)
    assert second - first == HOUR_US
    month = terms(order(31), now=at(10, 25, 12))
    # The wall time one month later comes once: both go then, and what is recorded between them goes before.
    assert told(first, first + MINUTE_US, month).destroyed_utc_us == at(11, 25, 2, 30)
    assert told(second, second + MINUTE_US, month).destroyed_utc_us == at(11, 25, 2, 30)
    assert told(first, second, month).destroyed_utc_us == at(11, 25, 2)


INSTANTS = st.integers(at(9, 10), at(11, 2))
HOLDS = st.lists(st.builds(Keeping, INSTANTS, INSTANTS, st.none() | INSTANTS), max_size=3)

SEGMENTS = st.tuples(st.integers(-LONGEST_SEGMENT_US, 3 * DAY_US), st.integers(1, LONGEST_SEGMENT_US))


@given(
    begin=INSTANTS,
    length=st.integers(1, 3 * DAY_US),
    days=st.tuples(st.integers(0, 31), st.integers(0, 31)),
    change=INSTANTS,
    holds=HOLDS,
    segments=st.lists(SEGMENTS, min_size=1, max_size=20),
)
@example(at(10, 25, 2, 30), HOUR_US, (31, 31), at(9, 10), [], [(HOUR_US // 2, 1), (HOUR_US // 2 + MINUTE_US, 1)])
def test_no_footage_goes_before_the_countdown_says(
    begin: int,
    length: int,
    days: tuple[int, int],
    change: int,
    holds: list[Keeping],
    segments: list[tuple[int, int]],
) -> None:
    """`segments`: from the beginning of what is asked for on, when each began, and how long it is."""
    running = [one for one in holds if one.from_utc_us < one.to_utc_us and (one.until_utc_us or NOW + 1) > NOW]
    orders = order(days[0], end=change), order(days[1], begin=change, name="b")
    given_terms = terms(*orders, keeping={"c1": running})
    found = told(begin, begin + length, given_terms, exact=False)
    overlapping = [one for one in running if one.from_utc_us < begin + length and one.to_utc_us > begin]
    going = []
    for start, end in ((begin + offset, begin + offset + lasting) for offset, lasting in segments):
        if start >= begin + length or end <= begin:
            continue
        touching = [one.until_utc_us for one in overlapping if one.from_utc_us <= end and one.to_utc_us >= start]
        if None not in touching:
            cap = given_terms.cap_utc_us("c1", start)
            going.append(max([cap, *(one for one in touching if one is not None)]))
    left = [instant for instant in going if instant > NOW]
    if left:
        assert found.destroyed_utc_us is not None
        assert found.destroyed_utc_us <= min(left)
        assert found.state in (State.COUNTING, State.PARTLY_OVER)
    if found.destroyed_utc_us is not None:
        assert found.destroyed_utc_us > NOW
        assert found.remaining_us == found.destroyed_utc_us - NOW
