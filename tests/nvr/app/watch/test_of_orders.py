"""By which right cameras are recorded: ends told in time, breaks told at once."""

import pytest

from nvr.app.watch.kinds import Severity
from nvr.app.watch.of_orders import DECIDED, DECISION_OVER, next_end, order_ends, unauthorised
from nvr.base.units import US_PER_DAY, UtcUs
from storage.index.rows import Order
from tests.nvr.app.watch.test_conditions import NOW, entry, observed, order

AB = (entry("a"), entry("b"))


def day(days: int) -> int:
    return NOW + days * US_PER_DAY


@pytest.mark.parametrize(
    ("days", "expected"),
    [(184, []), (183, [("6 o", Severity.NOTICE)]), (122, [("4 o", Severity.WARNING)]), (0, [])],
)
def test_order_is_told_half_a_year_and_four_months_before_its_end(days: int, expected: list[object]) -> None:
    seen = observed(NOW, AB, orders=[order("o", day(days))])
    assert [(each.subject, each.severity) for each in order_ends(seen)] == expected


def test_end_that_a_successor_follows_without_a_break_is_not_told() -> None:
    renewed = [order("o", day(30)), order("p", day(400), begin=day(20)), order("q", None, begin=day(400))]
    assert list(order_ends(observed(NOW, AB, orders=renewed))) == []
    assert next_end(observed(NOW, AB, orders=renewed)) is None
    assert next_end(observed(NOW, AB, orders=renewed[:2])) == day(400)


def test_successor_that_leaves_a_day_between_does_not_help() -> None:
    late = [order("o", day(30)), order("p", None, begin=day(31))]
    (found,) = order_ends(observed(NOW, AB, orders=late))
    assert (found.until_utc_us, found.detail) == (day(30), "o: a, b")


def test_end_names_the_cameras_that_lose_their_order_and_no_others() -> None:
    orders = [order("o", day(30), cameras={"a"}), order("p", day(60), cameras={"b"}), order("q", None, {"c"})]
    found = order_ends(observed(NOW, (*AB, entry("c")), orders=orders))
    assert [each.detail for each in found] == ["o: a", "p: b"]


def test_camera_without_an_order_is_told_since_when_it_has_none() -> None:
    orders: list[Order] = [order("o", day(-3), cameras={"a"}), order("q", None, cameras={"c"})]
    found = unauthorised(observed(NOW, (*AB, entry("c")), orders=orders))
    assert [(each.subject, each.since_utc_us) for each in found] == [("a", UtcUs(day(-3))), ("b", None)]


def test_decision_in_place_of_an_order_is_a_notice_until_it_ends_and_critical_from_then_on() -> None:
    cameras = (entry("a", uncovered_until_utc_us=day(9)), entry("b"))
    lasting, without = unauthorised(observed(NOW, cameras, orders=[]))
    assert (lasting.severity, lasting.until_utc_us, lasting.detail) == (Severity.NOTICE, day(9), DECIDED)
    assert (without.severity, without.until_utc_us, without.detail) == (None, None, None)
    over, _ = unauthorised(observed(UtcUs(day(9)), cameras, orders=[order("o", day(-3))]))
    assert (over.severity, over.until_utc_us, over.detail) == (None, None, DECISION_OVER)
    assert over.since_utc_us == day(9)


def test_order_that_ended_after_the_decision_is_what_the_camera_lacks() -> None:
    (found,) = unauthorised(observed(NOW, (entry("a", uncovered_until_utc_us=day(-9)),), orders=[order("o", day(-3))]))
    assert (found.since_utc_us, found.detail) == (day(-3), None)


def test_order_in_force_makes_the_decision_before_it_no_alarm() -> None:
    assert list(unauthorised(observed(NOW, (entry("a", uncovered_until_utc_us=day(9)),)))) == []


def test_camera_that_is_not_recorded_needs_no_order_and_unread_orders_say_nothing() -> None:
    assert list(unauthorised(observed(NOW, (entry("a", absent=True),), orders=[]))) == []
    assert list(unauthorised(observed(NOW, AB, orders=None))) == []
    assert next_end(observed(NOW, AB, orders=None)) is None
