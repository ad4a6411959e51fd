"""Room for recording: the oldest first, never what is held or within the minimum; and what fills a disk then."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.holds import held_now
from storage.index.rows import HoldScope, SegmentRow
from storage.relief import filling, full, is_within_minimum, plan_relief
from tests.storage.ledger.samples import uuid
from tests.storage.test_retention import CAMERA, HOUR_US, NO_HOLD, START, at, held, order, rules, segment


def test_disk_pressure_takes_the_oldest_first_and_only_as_much_as_is_wanted() -> None:
    segments = [segment(number, START + number * HOUR_US) for number in (3, 1, 2)]
    chosen = plan_relief(segments, NO_HOLD, rules(order(15)), START + 2 * US_PER_DAY, 150)
    assert [one.segment.seg for one in chosen] == [uuid(1), uuid(2)]
    assert {one.reason for one in chosen} == {"pressure"}


def test_disk_pressure_respects_minimum_and_holds() -> None:
    now = at(2026, 9, 18, 12)
    young, old, kept = segment(1, at(2026, 9, 15)), segment(2, at(2026, 9, 2)), segment(3, at(2026, 9, 1))
    protected = held(kept.start_utc_us, kept.end_utc_us, None, now)
    chosen = plan_relief([young, old, kept], protected, rules(order(15, 7)), now, 10**9)
    assert [one.segment.seg for one in chosen] == [old.seg]


days = st.integers(0, 40)


@given(
    starts=st.lists(days, max_size=10),
    holds=st.lists(st.tuples(days, days), max_size=3),
    minimum=st.integers(0, 15),
    own=st.none() | st.integers(0, 31),
    wanted=st.integers(1, 2000),
    now_day=days,
)
def test_relief_never_takes_what_is_held_or_within_the_minimum_and_no_more_than_is_wanted(
    starts: list[int], holds: list[tuple[int, int]], minimum: int, own: int | None, wanted: int, now_day: int
) -> None:
    now = START + now_day * US_PER_DAY
    the_rules = rules(order(15, minimum), own=own)
    segments = [segment(number, START + day * US_PER_DAY) for number, day in enumerate(starts)]
    scopes = [
        scope(f"h{at}", START + one * US_PER_DAY, START + other * US_PER_DAY) for at, (one, other) in enumerate(holds)
    ]
    kept = held_now(scopes, [], now)
    chosen = [one.segment for one in plan_relief(segments, kept, the_rules, now, wanted)]
    assert not any(kept.covers(one) or is_within_minimum(one, the_rules, now) for one in chosen)
    assert sum(one.file_bytes for one in chosen[:-1]) < wanted
    free = [one for one in segments if not kept.covers(one) and not is_within_minimum(one, the_rules, now)]
    assert chosen == sorted(free, key=lambda one: (one.start_utc_us, one.seg))[: len(chosen)]
    assert len(chosen) == len(free) or sum(one.file_bytes for one in chosen) >= wanted


def scope(name: str, from_utc_us: int, to_utc_us: int) -> HoldScope:
    return HoldScope(name, CAMERA, UtcUs(from_utc_us), UtcUs(to_utc_us), None, 0)


def row(number: int, hour: int, file_bytes: int, continues: int | None = None) -> SegmentRow:
    one = segment(number, START + hour * HOUR_US, file_bytes=file_bytes)
    return dataclasses.replace(one, continues=None if continues is None else SegmentId(uuid(continues)))


def test_what_fills_a_volume_is_told_by_hold_with_what_it_keeps_for_the_sake_of_the_rest() -> None:
    now = START + 2 * US_PER_DAY
    rows = [row(0, 0, 1), row(1, 1, 10, continues=0), row(2, 2, 100), row(3, 40, 1000)]
    scopes = [
        scope("one", rows[1].start_utc_us + 1, rows[1].end_utc_us),
        scope("both", rows[1].end_utc_us, rows[2].start_utc_us),
        scope("elsewhere", 0, 1),
    ]
    found = filling(rows, scopes, rows, rules(order(15, 1)), now)
    assert found.holds == {"one": 11, "both": 111}
    assert (found.held_bytes, found.minimum_bytes) == (111, 1000)


def test_fault_names_the_holds_that_fill_the_volume_the_largest_first() -> None:
    gib = 2**30
    rows = [row(1, 1, gib), row(2, 2, 3 * gib)]
    scopes = [scope("small", rows[0].start_utc_us, rows[0].end_utc_us), scope("large", rows[1].start_utc_us, START * 2)]
    halt = full("/srv/disk1", filling(rows, scopes, [], rules(order(15)), START + US_PER_DAY), gib // 2)
    assert (halt.id, halt.about) == ("retention-full", "/srv/disk1")
    assert halt.fields["holds"] == "large 3.0 GiB, small 1.0 GiB"
    assert (halt.fields["held"], halt.fields["minimum"], halt.fields["short"]) == ("4.0 GiB", "0.0 GiB", "0.5 GiB")
