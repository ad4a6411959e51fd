"""Which held segments have a copy, which wait for one, and which copies nobody needs."""

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY
from storage.index.on_evidence import (
    Kept,
    Leaving,
    copied_since,
    copies_extent,
    copies_named,
    copies_of,
    copies_to_check,
    copies_total,
    damaged_with_copy,
    days_of_copies,
    kept_by_hold,
    kept_now,
    leaving_with,
    without_copy,
    without_hold,
)
from storage.index.on_volume import Total
from storage.index.rows import ToCheck
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Body, Copied, Damaged, Expire, Expired
from tests.storage.index.entries import leaves
from tests.storage.index.test_conditions import holds, seals
from tests.storage.ledger.samples import HOUR_US, NOW_UTC_US, hash_of, hold, seal, uuid

FIRST, EVIDENCE = seal().volume, uuid(0x301)
HELD_FROM = NOW_UTC_US - HOUR_US
BYTES = seal().file_bytes


def held_seals(count: int = 4) -> list[Body]:
    """Segments of one camera, five minutes each, held but for the last."""
    made: list[Body] = [seal(number, start_utc_us=HELD_FROM + number * 300_000_000) for number in range(1, count + 1)]
    span = {"from_utc_us": HELD_FROM + 300_000_001, "to_utc_us": HELD_FROM + count * 300_000_000 - 1}
    return [*made, hold().model_copy(update=span)]


def copied(*numbers: int) -> Body:
    return Copied(volume=EVIDENCE, segs=tuple(map(uuid, numbers)))


def waiting(index: Index, after: str = "", limit: int = 9) -> list[str]:
    rows = index.answer(lambda connection: without_copy(connection, NOW_UTC_US, [FIRST], after, limit))
    return [row.seg for row in rows]


def needless(index: Index, after: str = "", limit: int = 9) -> list[str]:
    rows = index.answer(lambda connection: without_hold(connection, EVIDENCE, NOW_UTC_US, after, limit))
    return [row.seg for row in rows]


def test_held_segments_wait_for_their_copy_the_oldest_first_and_page_by_page(index: Index) -> None:
    index.apply(leaves([*held_seals(), copied(2)]))
    assert waiting(index) == [uuid(1), uuid(3)]
    assert waiting(index, limit=1) == [uuid(1)]
    assert waiting(index, after=uuid(1)) == [uuid(3)]


def test_damaged_segment_and_one_whose_volume_is_away_wait_for_nobody(index: Index) -> None:
    elsewhere = seal(3, start_utc_us=HELD_FROM + 900_000_000).model_copy(update={"volume": uuid(0x305)})
    index.apply(leaves([*held_seals()[:2], elsewhere, held_seals()[-1], damaged(1)]))
    assert waiting(index) == [uuid(2)]


def damaged(number: int) -> Body:
    return Damaged(seg=uuid(number), camera="hall-1", start_utc_us=1, end_utc_us=2, why="shorter")


def to_mend(index: Index, *volumes: str, after: str = "", limit: int = 9) -> list[str]:
    rows = index.answer(lambda connection: damaged_with_copy(connection, volumes, after, limit))
    return [row.seg for row in rows]


def test_damaged_segments_with_a_copy_are_mended_page_by_page_where_both_volumes_are_there(index: Index) -> None:
    index.apply(leaves([*held_seals(), copied(1, 2, 4), damaged(1), damaged(3), damaged(4)]))
    assert to_mend(index, FIRST, EVIDENCE) == [uuid(1), uuid(4)]
    assert to_mend(index, FIRST, EVIDENCE, limit=1) == [uuid(1)]
    assert to_mend(index, FIRST, EVIDENCE, after=uuid(1)) == [uuid(4)]
    assert to_mend(index, FIRST) == to_mend(index, EVIDENCE) == []


def test_copy_of_a_damaged_segment_is_needed_without_a_hold(index: Index) -> None:
    ended = people.Unhold(hold=uuid(0x500), reason=hash_of(1))
    index.apply(leaves([*held_seals(), copied(1, 2, 3), ended, damaged(2)]))
    assert needless(index) == [uuid(1), uuid(3)]


def test_copy_that_no_hold_needs_is_told_and_one_under_a_second_hold_is_not(index: Index) -> None:
    second = hold(0x501).model_copy(update={"from_utc_us": HELD_FROM, "to_utc_us": HELD_FROM + 300_000_001})
    index.apply(leaves([*held_seals(), second, copied(1, 2, 3)]))
    assert needless(index) == []
    ended = people.Unhold(hold=uuid(0x500), reason=hash_of(1))
    index.apply(leaves([ended], first=index.progress().applied_size))
    assert needless(index) == [uuid(2), uuid(3)]
    assert needless(index, limit=1) == [uuid(2)]
    assert needless(index, after=uuid(2)) == [uuid(3)]


def test_what_holds_keep_is_counted_once_and_twice_hold_by_hold(index: Index) -> None:
    second = hold(0x501).model_copy(update={"from_utc_us": HELD_FROM, "to_utc_us": HELD_FROM + 300_000_001})
    index.apply(leaves([*held_seals(), second, copied(1, 2)]))
    every = Kept(once=Total(1, BYTES), twice=Total(2, 2 * BYTES))
    now, _ = index.answer(lambda connection: kept_now(connection, NOW_UTC_US, NOW_UTC_US))
    assert now == every
    by_hold = index.answer(lambda connection: kept_by_hold(connection, NOW_UTC_US))
    assert by_hold == {uuid(0x500): every, uuid(0x501): Kept(once=Total(0, 0), twice=Total(1, BYTES))}
    end = HELD_FROM + 4 * 300_000_000
    _, none = index.answer(lambda connection: kept_now(connection, NOW_UTC_US, end))
    _, last = index.answer(lambda connection: kept_now(connection, NOW_UTC_US, end + 1))
    assert (none, last) == (Total(0, 0), Total(1, BYTES))


def test_copies_of_more_segments_than_a_database_takes_names_at_once_are_found(index: Index) -> None:
    index.apply(leaves([*held_seals(), copied(1)]))
    names = [*(f"{number:x}" for number in range(70_000)), uuid(1)]
    assert index.answer(lambda connection: copies_of(connection, names)) == {uuid(1): EVIDENCE}


def test_copies_are_found_by_volume_by_day_and_by_check(index: Index) -> None:
    index.apply(leaves([*held_seals(), copied(1, 2)]))
    which = ToCheck(EVIDENCE, frozenset(), 0, 2 * NOW_UTC_US)
    camera = CameraId("hall-1")
    from_utc_us = HELD_FROM + 600_000_000
    assert index.answer(lambda connection: copies_of(connection, [uuid(1), uuid(3)])) == {uuid(1): EVIDENCE}
    assert index.sealed_on(EVIDENCE, camera, from_utc_us, NOW_UTC_US) == {uuid(2)}
    assert index.sealed_on(FIRST, camera, from_utc_us, NOW_UTC_US) == {uuid(2), uuid(3), uuid(4)}
    assert index.answer(lambda connection: copies_named(connection, EVIDENCE)) == [uuid(1), uuid(2)]
    days = index.answer(lambda connection: days_of_copies(connection, EVIDENCE))
    assert days == {(camera, HELD_FROM // US_PER_DAY)}
    rows = index.answer(lambda connection: copies_to_check(connection, which, uuid(1), 9))
    assert [row.seg for row in rows] == [uuid(2)]
    assert index.answer(lambda connection: copies_extent(connection, which, "")) == Total(2, 2 * BYTES)
    assert index.answer(lambda connection: copies_total(connection, EVIDENCE)) == Total(2, 2 * BYTES)
    assert index.answer(lambda connection: copies_total(connection, FIRST)) == Total(0, 0)
    assert index.answer(lambda connection: copied_since(connection, NOW_UTC_US)) == Total(2, 2 * BYTES)
    assert index.answer(lambda connection: copied_since(connection, NOW_UTC_US + 1)) == Total(0, 0)


def test_volume_that_leaves_takes_what_has_no_other_file_and_the_copies_of_others(index: Index) -> None:
    index.apply(leaves([*held_seals(), copied(1, 2)]))
    first = index.answer(lambda connection: leaving_with(connection, FIRST, NOW_UTC_US))
    assert first == Leaving(lost=Total(2, 2 * BYTES), held=Total(1, BYTES), copies=Total(0, 0))
    evidence = index.answer(lambda connection: leaving_with(connection, EVIDENCE, NOW_UTC_US))
    assert evidence == Leaving(lost=Total(0, 0), held=Total(0, 0), copies=Total(2, 2 * BYTES))


@settings(max_examples=20)
@given(seals=seals(), holds=holds(), gone=st.sets(st.sampled_from(range(8)), max_size=3))
def test_what_waits_for_a_copy_is_what_holds_keep(
    empty_index: Callable[[], Index], seals: Sequence[Body], holds: Sequence[Body], gone: set[int]
) -> None:
    """The question from the holds finds what the condition on each segment does, that of continued ones included."""
    index = empty_index()
    segs = tuple(map(uuid, sorted(gone)))
    destroyed = [Expire(segs=segs, reason="cap", deadline_utc_us=1), Expired(segs=segs, bytes=1, cameras=())]
    index.apply(leaves([*seals, *destroyed, *holds]))
    left = [uuid(number) for number in range(8) if number not in gone]
    assert set(waiting(index)) == index.held_among(left, NOW_UTC_US)
