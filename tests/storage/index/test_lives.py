"""The life of a segment, entry by entry, against a model of docs/design/storage.md that knows no SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Body, Damaged, Expire, Expired, Missing
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import HOUR_US, NOW_UTC_US, hold, seal, uuid

SEGMENTS = (1, 2)
UNTIL_US = 10 * HOUR_US
"""A hold of these tests runs out so long after NOW_UTC_US."""


def sealed(number: int, *, recovered: bool = False) -> Body:
    """Each of another camera, so that a hold covers one alone."""
    return seal(number, camera=f"camera-{number}").model_copy(update={"recovered": recovered})


def expire(number: int) -> Body:
    return Expire(segs=(uuid(number),), reason="cap", deadline_utc_us=1)


def expired(number: int) -> Body:
    return Expired(segs=(uuid(number),), bytes=1, cameras=())


def missing(number: int, why: str = "not on its volume") -> Body:
    return Missing(seg=uuid(number), camera=f"camera-{number}", start_utc_us=1, end_utc_us=2, why=why)


def damaged(number: int, why: str | None = "hash of the record") -> Body:
    return Damaged(seg=uuid(number), camera=f"camera-{number}", start_utc_us=1, end_utc_us=2, why=why)


def held(number: int) -> Body:
    bound = {"until_utc_us": NOW_UTC_US + UNTIL_US}
    return hold(0x500 + number, camera=f"camera-{number}").model_copy(update=bound)


def unheld(number: int) -> Body:
    return people.Unhold(hold=uuid(0x500 + number), reason="0" * 64)


def row(index: Index, number: int = 1) -> SegmentRow:
    found = index.segment(uuid(number))
    assert found is not None
    return found


def tell(index: Index, *bodies: Body, hours: int = 0) -> None:
    first = index.progress().applied_size
    index.apply(leaves(bodies, first=first, ts_utc_us=NOW_UTC_US + hours * HOUR_US))


def test_lost_segment_has_date_and_cause_until_it_is_found_again(index: Index) -> None:
    tell(index, sealed(1))
    tell(index, missing(1), hours=2)
    tell(index, missing(1, why="again"), hours=3)
    assert (row(index).state, row(index).lost_why) == (SegmentState.LOST, "not on its volume")
    assert row(index).lost_utc_us == NOW_UTC_US + 2 * HOUR_US
    tell(index, sealed(1, recovered=True))
    assert (row(index).state, row(index).lost_utc_us, row(index).lost_why) == (SegmentState.SEALED, None, None)


def test_lost_segment_is_doomed_like_any_other_and_a_held_one_is_not(index: Index) -> None:
    tell(index, sealed(1), sealed(2), missing(1), missing(2), held(2), expire(1), expire(2))
    assert (row(index, 1).state, row(index, 2).state) == (SegmentState.DOOMED, SegmentState.LOST)


def test_hold_takes_a_doomed_lost_segment_back_as_lost(index: Index) -> None:
    tell(index, sealed(1), missing(1), expire(1), held(1))
    assert row(index).state is SegmentState.LOST


def test_destroyed_segment_has_its_date_and_reason_and_one_that_was_taken_back_has_neither(index: Index) -> None:
    tell(index, sealed(1), sealed(2), expire(1), expire(2), held(1))
    tell(index, expired(2), hours=3)
    tell(index, expired(2), hours=4)
    assert (row(index, 1).expire_reason, row(index, 1).expired_utc_us) == (None, None)
    assert (row(index, 2).expire_reason, row(index, 2).expired_utc_us) == ("cap", NOW_UTC_US + 3 * HOUR_US)


def test_damaged_segment_stays_sealed_and_has_date_and_cause_until_it_is_whole_or_gone(index: Index) -> None:
    tell(index, sealed(1), sealed(2), damaged(1), damaged(2))
    tell(index, damaged(1, why="shorter"), hours=3)
    assert (row(index).state, row(index).damaged_why) == (SegmentState.SEALED, "shorter")
    assert row(index).damaged_utc_us == NOW_UTC_US
    tell(index, damaged(1, why=None), expired(2), damaged(2))
    for number in SEGMENTS:
        assert (row(index, number).damaged_utc_us, row(index, number).damaged_why) == (None, None)


def test_damaged_segment_that_was_lost_and_is_found_whole_is_damaged_no_more(index: Index) -> None:
    tell(index, sealed(1), damaged(1), missing(1))
    assert row(index).damaged_why is not None
    tell(index, sealed(1, recovered=True))
    assert row(index).damaged_why is None


def test_segment_that_is_missed_after_it_was_doomed_stays_doomed_and_comes_back_as_lost(index: Index) -> None:
    tell(index, sealed(1), expire(1), missing(1))
    assert row(index).state is SegmentState.DOOMED
    tell(index, held(1))
    assert (row(index).state, row(index).lost_why) == (SegmentState.LOST, "not on its volume")


def test_doomed_lost_segment_that_is_found_is_still_doomed(index: Index) -> None:
    tell(index, sealed(1), missing(1), expire(1), sealed(1, recovered=True))
    assert (row(index).state, row(index).lost_utc_us) == (SegmentState.DOOMED, None)
    tell(index, held(1))
    assert row(index).state is SegmentState.SEALED


@dataclass
class Life:
    """One segment as the page describes it."""

    state: SegmentState | None = None
    lost: bool = False
    held: bool = False

    def tell(self, what: str, hours: int) -> None:
        """What this entry does to it, at so many hours after NOW_UTC_US."""
        covered = self.held and hours * HOUR_US < UNTIL_US
        match what, self.state:
            case "seal" | "recovered", None:
                self.state = SegmentState.SEALED
            case "recovered", SegmentState.LOST:
                self.state, self.lost = SegmentState.SEALED, False
            case "recovered", SegmentState.DOOMED:
                self.lost = False
            case "missing", SegmentState.SEALED:
                self.state, self.lost = SegmentState.LOST, True
            case "missing", SegmentState.DOOMED:
                self.lost = True
            case "expire", SegmentState.SEALED | SegmentState.LOST if not covered:
                self.state = SegmentState.DOOMED
            case "expired", SegmentState.DOOMED:
                self.state = SegmentState.GONE
            case "hold", _:
                self.held = True
            case "unhold", _:
                self.held = False
            case _:
                pass

    def take_back(self, hours: int) -> None:
        """What any hold does, of this segment or of another: its time may be earlier than that of what was doomed."""
        if self.held and self.state is SegmentState.DOOMED and hours * HOUR_US < UNTIL_US:
            self.state = SegmentState.LOST if self.lost else SegmentState.SEALED


BODIES = {
    "seal": sealed,
    "recovered": lambda number: sealed(number, recovered=True),
    "missing": missing,
    "expire": expire,
    "expired": expired,
    "hold": held,
    "unhold": unheld,
}


@settings(max_examples=20)
@given(
    story=st.lists(
        st.tuples(st.sampled_from(sorted(BODIES)), st.sampled_from(SEGMENTS), st.integers(0, 20)), max_size=25
    )
)
def test_segment_lives_as_the_page_says(
    empty_index: Callable[[], Index], story: Sequence[tuple[str, int, int]]
) -> None:
    index = empty_index()
    lives = {number: Life() for number in SEGMENTS}
    for what, number, hours in story:
        before = lives[number].state
        doomed = {one.seg for one in index.doomed(NOW_UTC_US + hours * HOUR_US, 9)}
        if what == "expired" and uuid(number) not in doomed:
            continue  # the reaper destroys nothing else
        lives[number].tell(what, hours)
        for life in lives.values() if what == "hold" else ():
            life.take_back(hours)
        tell(index, BODIES[what](number), hours=hours)
        found = index.segment(uuid(number))
        assert (None if found is None else found.state) == lives[number].state
        if found is not None:
            assert (found.lost_utc_us is not None) == (found.lost_why is not None) == lives[number].lost
        if before is SegmentState.GONE:
            assert lives[number].state is SegmentState.GONE
