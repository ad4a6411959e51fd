"""What each entry changes in the index; the same entries give the same index, whole or in pieces."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Body, Boot, Expire, Expired, Missing
from tests.storage.index.entries import dump, gap, leaves
from tests.storage.ledger.samples import ENTRIES, HOUR_US, KEY, NOW_UTC_US, hold, seal, uuid

CAMERA = CameraId("hall-1")
DUE = NOW_UTC_US - HOUR_US


def expire(*numbers: int) -> Expire:
    return Expire(segs=tuple(map(uuid, numbers)), reason="cap", deadline_utc_us=DUE)


def expired(*numbers: int) -> Expired:
    return Expired(segs=tuple(map(uuid, numbers)), bytes=1, cameras=())


def state(index: Index, number: int) -> SegmentState:
    row = index.segment(uuid(number))
    assert row is not None
    return row.state


@pytest.mark.parametrize("t", sorted(ENTRIES))
def test_every_type_of_entry_can_be_applied(index: Index, t: str) -> None:
    assert index.apply(leaves([ENTRIES[t].body])).applied_size == 1


def test_segment_lives_from_seal_to_gone(index: Index) -> None:
    index.apply(leaves([seal(1), expire(1)]))
    assert state(index, 1) is SegmentState.DOOMED
    index.apply(leaves([expired(1)], first=2))
    assert state(index, 1) is SegmentState.GONE


def test_segment_that_is_told_twice_stays_as_it_was_first(index: Index) -> None:
    index.apply(leaves([seal(1), seal(1, camera="other")]))
    index.apply(leaves([seal(1, camera="third")], first=2))
    row = index.segment(uuid(1))
    assert row is not None
    assert (row.camera, row.ledger_index) == (CAMERA, 0)


def test_destroyed_segment_is_not_lost(index: Index) -> None:
    index.apply(leaves([seal(2), expire(2), expired(2), missing(2)]))
    assert state(index, 2) is SegmentState.GONE


def missing(number: int) -> Missing:
    return Missing(seg=uuid(number), camera=CAMERA, start_utc_us=1, end_utc_us=2, why="gone")


def again(**changes: object) -> Body:
    return seal(1).model_copy(update={"recovered": True, **changes})


def test_lost_segment_that_is_recovered_whole_is_there_again_under_its_first_seal(index: Index) -> None:
    index.apply(leaves([seal(1), missing(1), again(volume=uuid(0x301))]))
    row = index.segment(uuid(1))
    assert row is not None
    assert (row.state, row.volume, row.ledger_index) == (SegmentState.SEALED, uuid(0x301), 0)
    assert not row.recovered
    index.apply(leaves([expire(1)], first=3))
    assert state(index, 1) is SegmentState.DOOMED


@pytest.mark.parametrize("changes", [{"recovered": False}, {"root": "f" * 64}])
def test_lost_segment_stays_lost_when_another_seal_does_not_recover_it(
    index: Index, changes: dict[str, object]
) -> None:
    index.apply(leaves([seal(1), missing(1), again(**changes)]))
    assert state(index, 1) is SegmentState.LOST


def test_destroyed_segment_is_never_recovered(index: Index) -> None:
    index.apply(leaves([seal(1), expire(1), expired(1), again()]))
    assert state(index, 1) is SegmentState.GONE


def test_hold_before_the_intent_keeps_the_segment(index: Index) -> None:
    index.apply(leaves([seal(1), hold(), expire(1)]))
    assert state(index, 1) is SegmentState.SEALED


def test_hold_after_the_intent_takes_the_segment_back(index: Index) -> None:
    index.apply(leaves([seal(1), seal(2, camera="other"), expire(1, 2)]))
    index.apply(leaves([hold()], first=3))
    assert state(index, 1) is SegmentState.SEALED
    assert state(index, 2) is SegmentState.DOOMED


def test_hold_that_ran_out_or_ended_keeps_nothing(index: Index) -> None:
    index.apply(leaves([seal(1), hold()]))
    later = NOW_UTC_US + 96 * HOUR_US
    index.apply(leaves([expire(1)], first=2, ts_utc_us=later))
    assert state(index, 1) is SegmentState.DOOMED
    endless = hold(0x501).model_copy(update={"until_utc_us": None})
    index.apply(leaves([seal(2), endless, expire(2)], first=3, ts_utc_us=later))
    assert state(index, 2) is SegmentState.SEALED
    unhold = people.Unhold(hold=uuid(0x501), reason="0" * 64)
    index.apply(leaves([unhold, expire(2)], first=6, ts_utc_us=later))
    assert state(index, 2) is SegmentState.DOOMED


def test_hold_told_again_counts_as_it_was_told_last(index: Index) -> None:
    wide = hold().model_copy(update={"cameras": (CAMERA, "other")})
    index.apply(leaves([wide, hold().model_copy(update={"until_utc_us": None})]))
    assert [(scope.camera, scope.until_utc_us) for scope in index.holds()] == [(CAMERA, None)]


def test_gap_is_open_until_it_is_told_again(index: Index) -> None:
    index.apply(leaves([Boot(public=KEY, sw="s", shards=1, utc_us=DUE, mono_us=1), gap()]))
    assert [one.to_utc_us for one in index.open_gaps(0)] == [None]
    index.apply(leaves([gap(to_utc_us=NOW_UTC_US)], first=2))
    assert index.open_gaps(0) == []
    assert [one.to_utc_us for one in index.gaps(CAMERA, 0, NOW_UTC_US)] == [NOW_UTC_US]


@pytest.mark.parametrize(
    "body",
    [
        seal(1).model_copy(update={"end_utc_us": 0}),
        gap(to_utc_us=0),
        hold().model_copy(update={"to_utc_us": 0}),
        hold().model_copy(update={"cameras": ()}),
        hold().model_copy(update={"cameras": (CAMERA, CAMERA)}),
        expire(9),
    ],
)
def test_entry_that_makes_no_sense_does_not_stop_the_keeper(index: Index, body: Body) -> None:
    assert index.apply(leaves([body])).applied_size == 1


def test_camera_is_known_by_its_first_segment_and_then_by_its_entry(index: Index) -> None:
    index.apply(leaves([seal(1)]))
    assert [(one.camera, one.retention_days) for one in index.cameras()] == [(CAMERA, None)]
    camera = people.Camera(camera=CAMERA, url_hash="0" * 64, shard=1, retention_days=7, retired=True)
    index.apply(leaves([camera, seal(2)], first=1))
    assert [(one.shard, one.retention_days, one.retired) for one in index.cameras()] == [(1, 7, True)]


_STORY: Sequence[Body] = (
    Boot(public=KEY, sw="s", shards=1, utc_us=DUE, mono_us=1),
    seal(1),
    seal(2),
    gap(),
    seal(3, camera="other"),
    hold(),
    expire(1, 3),
    gap(to_utc_us=NOW_UTC_US),
    expired(3),
    seal(4),
    ENTRIES["authorisation"].body,
    ENTRIES["camera"].body,
    people.Unhold(hold=uuid(0x500), reason="0" * 64),
    expire(1, 2),
)


def test_words_that_no_database_keeps_do_not_stop_the_keeper(index: Index) -> None:
    order = ENTRIES["authorisation"].body.model_copy(update={"number": "2026\0-17"})
    gone = Missing(seg=uuid(1), camera=CAMERA, start_utc_us=1, end_utc_us=2, why="half\0a disk")
    index.apply(leaves([gap().model_copy(update={"detail": "half\0a line"}), order, seal(1), gone]))
    assert [row.detail for row in index.gaps(CAMERA, 0, NOW_UTC_US)] == ["half\ufffda line"]
    assert [row.number for row in index.orders()] == ["2026\ufffd-17"]
    assert [row.lost_why for row in index.in_state(SegmentState.LOST)] == ["half\ufffda disk"]


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(min_value=0, max_value=len(_STORY)), max_size=6))
def test_pieces_and_repetitions_give_the_same_index(empty_index: Callable[[], Index], cuts: list[int]) -> None:
    entries = leaves(_STORY)
    index = empty_index()
    index.apply(entries)
    whole = dump(index)
    pieces = empty_index()
    for cut in [*sorted(cuts), len(_STORY)]:
        pieces.apply(entries[:cut])
    assert dump(pieces) == whole
