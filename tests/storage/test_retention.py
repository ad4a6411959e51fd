"""What is due and why: the law's month, the order's days, the camera's own, and holds above all."""

import dataclasses
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.deadline import deadline_utc_us
from storage.holds import Held, held_now
from storage.index.rows import CameraRow, HoldScope, Order, SegmentRow
from storage.index.tables import SegmentState
from storage.retention import (
    Rule,
    Rules,
    Verdict,
    batches,
    candidates_before_utc_us,
    order_in_force,
    plan,
)
from storage.volume import VolumeId
from tests.storage.ledger.samples import uuid

PARIS = ZoneInfo("Europe/Paris")
HOUR_US = 3_600_000_000
CAMERA = CameraId("hall-1")
NO_HOLD = Held()


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0, fold: int = 0) -> int:
    local = datetime(year, month, day, hour, minute, tzinfo=PARIS, fold=fold)
    return int(local.astimezone(UTC).timestamp()) * 1_000_000


START = at(2026, 9, 10)


def segment(number: int = 1, start_utc_us: int = START, camera: str = CAMERA, file_bytes: int = 100) -> SegmentRow:
    return SegmentRow(
        seg=SegmentId(uuid(number)),
        camera=CameraId(camera),
        volume=VolumeId(uuid(0x300)),
        shard=0,
        run=uuid(0x200),
        start_utc_us=UtcUs(start_utc_us),
        end_utc_us=UtcUs(start_utc_us + 300_000_000),
        clock_epoch=1,
        records=150,
        file_bytes=file_bytes,
        lost_packets=0,
        root=bytes(32),
        point=None,
        placement=None,
        authorisation=None,
        recovered=False,
        ledger_index=number,
        state=SegmentState.SEALED,
    )


def order(
    days: int,
    minimum: int | None = None,
    *,
    name: str = "order-1",
    cameras: frozenset[str] | None = None,
    from_utc_us: int = 0,
    to_utc_us: int | None = None,
) -> Order:
    until = None if to_utc_us is None else UtcUs(to_utc_us)
    return Order(name, name, UtcUs(from_utc_us), until, days, minimum, cameras)


def rules(*orders: Order, own: int | None = None) -> Rules:
    return Rules(orders, {CAMERA: CameraRow(CAMERA, 0, own, retired=False)}, PARIS)


def verdict(the_rules: Rules, now_utc_us: int, start_utc_us: int = START) -> tuple[Verdict, str, str | None]:
    (decision,) = plan([segment(start_utc_us=start_utc_us)], NO_HOLD, the_rules, now_utc_us)
    return decision.verdict, decision.reason, decision.order


def held(from_utc_us: int, to_utc_us: int, until_utc_us: int | None, now_utc_us: int) -> Held:
    until = None if until_utc_us is None else UtcUs(until_utc_us)
    return held_now([HoldScope("h", CAMERA, UtcUs(from_utc_us), UtcUs(to_utc_us), until, 0)], [], now_utc_us)


def test_segment_is_due_when_its_last_day_has_ended_and_not_before() -> None:
    end_of_last_day = at(2026, 9, 26, 0)
    assert verdict(rules(order(15)), end_of_last_day - 1) == (Verdict.KEPT, "cap", "order-1")
    assert verdict(rules(order(15)), end_of_last_day) == (Verdict.DUE, "cap", "order-1")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (at(2026, 2, 1, 9), at(2026, 3, 1, 9)),
        (at(2026, 1, 31, 9), at(2026, 2, 28, 9)),
        (at(2026, 10, 25, 2, 30, fold=1), at(2026, 11, 25, 2, 30)),
        (at(2026, 2, 28, 2, 30), at(2026, 3, 28, 2, 30)),
    ],
)
def test_without_any_order_the_legal_month_applies_and_is_named(start: int, due: int) -> None:
    assert verdict(rules(), due - 1, start) == (Verdict.KEPT, "cap", None)
    assert verdict(rules(), due, start) == (Verdict.DUE, "cap", None)


def test_order_of_more_days_than_a_month_does_not_lengthen_it() -> None:
    assert verdict(rules(order(31)), at(2026, 10, 10))[0] is Verdict.DUE


def test_order_counts_that_was_in_force_when_the_segment_began() -> None:
    old = order(10, to_utc_us=START, name="old")
    new = order(20, from_utc_us=START, name="new")
    assert verdict(rules(old, new), at(2026, 9, 25))[2] == "new"
    assert verdict(rules(old, new), at(2026, 9, 25), START - 1)[2] == "old"


def test_of_two_orders_in_force_the_shorter_counts() -> None:
    assert verdict(rules(order(20), order(10, name="shorter")), at(2026, 9, 21))[:3] == (Verdict.DUE, "cap", "shorter")


def test_minimum_is_that_of_the_order_that_decides() -> None:
    the_rules = rules(order(20, 15), order(10, 2, name="shorter"), own=5)
    assert the_rules.rule(CAMERA, START) == Rule(days=5, minimum_days=2, reason="camera", order="shorter", cap_days=10)


def test_of_equally_short_orders_the_last_begun_decides() -> None:
    old, new = order(10, name="old", from_utc_us=1), order(10, name="new", from_utc_us=2)
    for orders in ((old, new), (new, old)):
        assert order_in_force(orders, CAMERA, START) is new
    assert order_in_force([order(10, name="b"), order(10, name="a")], CAMERA, START) == order(10, name="b")


def test_order_for_other_cameras_does_not_apply() -> None:
    assert verdict(rules(order(1, cameras=frozenset({"other"}))), at(2026, 9, 20))[2] is None


@pytest.mark.parametrize(
    ("own", "days", "reason"),
    [(5, 7, "camera"), (10, 10, "camera"), (15, 15, "cap"), (30, 15, "cap"), (None, 15, "cap")],
)
def test_camera_only_shortens_and_never_below_the_minimum(own: int | None, days: int, reason: str) -> None:
    due = at(2026, 9, 10 + days + 1, 0)
    assert verdict(rules(order(15, 7), own=own), due - 1)[:2] == (Verdict.KEPT, reason)
    assert verdict(rules(order(15, 7), own=own), due)[:2] == (Verdict.DUE, reason)


def test_held_segment_is_named_and_kept() -> None:
    now = at(2026, 12, 1)
    (decision,) = plan([segment()], held(START, START + 1, None, now), rules(order(15)), now)
    assert decision.verdict is Verdict.HELD


def test_unvalidated_hold_outlives_the_cap_until_its_bound_and_no_longer() -> None:
    until = at(2026, 9, 26, 0) + 96 * HOUR_US
    for now, expected in ((until - 1, Verdict.HELD), (until, Verdict.DUE)):
        (decision,) = plan([segment()], held(START, START + 1, until, now), rules(order(15)), now)
        assert decision.verdict is expected


@given(
    starts=st.lists(st.integers(min_value=0, max_value=60), max_size=8),
    own=st.none() | st.integers(min_value=0, max_value=31),
    days=st.none() | st.integers(min_value=0, max_value=31),
    minimum=st.none() | st.integers(min_value=0, max_value=31),
    hold=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    now_day=st.integers(min_value=0, max_value=90),
)
def test_nothing_held_is_due_nothing_outlives_its_month_and_candidates_leave_none_out(
    starts: list[int],
    own: int | None,
    days: int | None,
    minimum: int | None,
    hold: tuple[int, int],
    now_day: int,
) -> None:
    now = START + now_day * US_PER_DAY
    the_rules = rules(*([] if days is None else [order(days, minimum)]), own=own)
    segments = [segment(number, START + day * US_PER_DAY) for number, day in enumerate(starts)]
    protected = held(START + hold[0] * US_PER_DAY, START + hold[1] * US_PER_DAY, None, now)
    for decision in plan(segments, protected, the_rules, now):
        start = decision.segment.start_utc_us
        is_held = START + hold[0] * US_PER_DAY <= start + 300_000_000 and start <= START + hold[1] * US_PER_DAY
        is_held = is_held and hold[0] <= hold[1]
        assert (decision.verdict is Verdict.KEPT) == (decision.deadline_utc_us > now)
        assert (decision.verdict is Verdict.HELD) == (decision.deadline_utc_us <= now and is_held)
        assert decision.deadline_utc_us <= deadline_utc_us(start, 31, PARIS)
        if days is not None:
            assert decision.deadline_utc_us >= deadline_utc_us(start, min(minimum or 0, days), PARIS)
        if decision.verdict is not Verdict.KEPT:
            assert start < candidates_before_utc_us(the_rules, now)


def test_what_a_camera_should_have_lost_long_ago_goes_for_the_cap_once_that_is_over() -> None:
    assert verdict(rules(order(15, 2), own=3), at(2026, 9, 26, 0) - 1)[:2] == (Verdict.DUE, "camera")
    assert verdict(rules(order(15, 2), own=3), at(2026, 9, 26, 0))[:2] == (Verdict.DUE, "cap")
    assert verdict(rules(own=3), at(2026, 10, 9))[:2] == (Verdict.DUE, "camera")
    assert verdict(rules(own=3), at(2026, 10, 10))[:2] == (Verdict.DUE, "cap")


def test_batches_hold_one_reason_and_one_allowance_each_and_only_what_is_due() -> None:
    now = at(2026, 9, 25)
    decisions = plan([segment(number) for number in range(5)], NO_HOLD, rules(order(13)), now)
    own = plan([segment(9), segment(11)], NO_HOLD, rules(order(15), own=3), now)
    decisions += [own[0], dataclasses.replace(own[1], allowed=CAMERA)]
    decisions += plan([segment(10, START + 15 * US_PER_DAY)], NO_HOLD, rules(order(15)), now)
    sizes = [(reason, allowed, len(batch)) for reason, allowed, batch in batches(decisions, 2)]
    assert sizes == [
        ("cap", None, 2),
        ("cap", None, 2),
        ("cap", None, 1),
        ("camera", None, 1),
        ("camera", CAMERA, 1),
    ]
