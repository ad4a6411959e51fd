"""Large holds that wait for a validator, as the watch tells them."""

from datetime import date
from typing import Any, Literal, get_args

import pytest

from nvr.app.watch.conditions import judge
from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.app.watch.of_holds import quarter_of, to_review
from nvr.app.watch.readings import AccessSeen, OldHold, access_seen
from nvr.app.watch.told import Change, Tiding
from nvr.app.watch.wording import write
from nvr.base.catalogue import Language
from nvr.base.units import US_PER_DAY, UtcUs
from storage.index.rows import Order
from tests.nvr.app.watch.test_wording import NOW, PARIS, letter, member

WAITING: dict[str, Any] = {
    "hold": "019f",
    "requisition": None,
    "cameras": 78,
    "placed_utc_us": NOW - US_PER_DAY,
    "until_utc_us": NOW + 3 * US_PER_DAY,
    "room": {"limit_permille": 300, "before_permille": 121, "with_permille": 462},
}


def found(*waiting: dict[str, Any]) -> tuple[Condition, ...]:
    orders = (Order("o", "2026-1", UtcUs(0), None, 30, None, None),)
    return judge(Observation(NOW, orders=orders, access=access_seen({"holds_waiting": list(waiting)}))).conditions


def test_hold_that_waits_is_told_with_its_figures_and_when_it_runs_out() -> None:
    (one,) = found(WAITING)
    assert (one.kind, one.subject, one.severity) == ("hold-provisional", "019f", None)
    assert (one.since_utc_us, one.until_utc_us) == (NOW - US_PER_DAY, NOW + 3 * US_PER_DAY)
    assert one.detail == "cameras=78 before=121 with=462 limit=300"
    (asked,) = found({**WAITING, "requisition": "R-2026-000007"})
    assert asked.subject == "R-2026-000007 019f"


def test_hold_is_critical_on_its_last_day_and_once_it_ran_out() -> None:
    (early,) = found({**WAITING, "until_utc_us": NOW + US_PER_DAY + 1})
    (late,) = found({**WAITING, "until_utc_us": NOW + US_PER_DAY})
    (over,) = found({**WAITING, "until_utc_us": NOW})
    assert [early.severity, late.severity, over.severity] == [None, Severity.CRITICAL, Severity.CRITICAL]
    assert (late.until_utc_us, over.until_utc_us) == (NOW + US_PER_DAY, None)
    assert "ran-out" not in str(late.detail)
    assert "ran-out" in str(over.detail)


def test_access_that_does_not_answer_ends_no_alarm_of_holds() -> None:
    assert judge(Observation(NOW, access=None)).is_unsure(("hold-provisional", "019f"))
    assert not judge(Observation(NOW)).is_unsure(("hold-provisional", "019f"))


@pytest.mark.parametrize(
    "answer", [{}, {"holds_waiting": 7, "holds_old": {"a": 1}}, {"holds_waiting": None, "holds": "x"}], ids=str
)
def test_access_of_another_version_is_read_as_far_as_it_goes(answer: dict[str, Any]) -> None:
    assert access_seen(answer) == AccessSeen()


def test_hold_without_figures_of_another_version_is_still_told() -> None:
    (one,) = found({"hold": "019f", "until_utc_us": NOW + US_PER_DAY * 2})
    assert one.detail == "cameras=0 before=0 with=0 limit=0"


@pytest.mark.parametrize("language", get_args(Language))
def test_message_says_how_much_is_kept_and_that_a_hold_ran_out(language: Literal["fr", "en"]) -> None:
    texts = {
        "fr": ("78 caméras, 12,1 % de la place", "46,2 %"),
        "en": ("78 cameras, 12.1 % of the room", "46.2 %"),
    }[language]
    lapsed = {"fr": "ELLE A CESSÉ", "en": "IT RAN OUT"}[language]
    for until, is_over in ((NOW + 3 * US_PER_DAY, False), (NOW - 1, True)):
        (one,) = found({**WAITING, "until_utc_us": until})
        tiding = Tiding("hold-provisional", Change.RAISED, new={one.subject: member(30, one.detail)})
        body = write(letter(tiding), language, PARIS).body
        assert all(text in body for text in texts)
        assert (lapsed in body) is is_over


def old(hold: str, to_utc_us: int = NOW - 1) -> OldHold:
    return OldHold(hold, None, None, 1, UtcUs(NOW - 100 * US_PER_DAY), UtcUs(to_utc_us))


def test_quarters_are_those_of_the_calendar() -> None:
    days = [
        "2026-01-01",
        "2026-03-31",
        "2026-04-01",
        "2026-06-30",
        "2026-07-01",
        "2026-09-30",
        "2026-10-01",
        "2026-12-31",
    ]
    found = [quarter_of(date.fromisoformat(day)) for day in days]
    assert found == [f"2026-Q{number}" for number in (1, 1, 2, 2, 3, 3, 4, 4)]


def test_old_hold_that_keeps_nothing_and_never_will_needs_nobody() -> None:
    holds = (old("kept"), old("empty"), old("ahead", NOW + 1))
    assert [(one.hold.hold, one.kept_bytes) for one in to_review(holds, {"kept": 5}, NOW)] == [
        ("kept", 5),
        ("ahead", 0),
    ]
    assert [(one.hold.hold, one.kept_bytes) for one in to_review(holds, None, NOW)] == [
        ("kept", None),
        ("empty", None),
        ("ahead", None),
    ]
