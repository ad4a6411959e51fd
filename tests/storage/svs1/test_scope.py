from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs
from storage.records import RandomAccess
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.scope import SegmentHeads, begins_in_previous, overlaps, records_in_scope, segments_in_scope

IDR, NONE = RandomAccess.IDR, RandomAccess.NONE
GOP_90K, GOP_US = 90_000, 1_000_000


def head(seq: int, start_us: int, rap: RandomAccess, *, dur_90k: int = GOP_90K) -> RecordHead:
    return RecordHead(
        type=RecordType.GOP,
        seq=seq,
        ct_len=8,
        slice_count=2,
        packet_count=1,
        start_utc_us=UtcUs(start_us),
        dur_90k=dur_90k,
        random_access=rap,
    )


def segment(raps: Sequence[RandomAccess], *, start_us: int = 10 * GOP_US) -> list[RecordHead]:
    init = RecordHead(type=RecordType.INIT, seq=0, ct_len=8, slice_count=1, start_utc_us=UtcUs(start_us))
    return [init, *(head(at + 1, start_us + at * GOP_US, rap) for at, rap in enumerate(raps))]


segments = st.lists(st.sampled_from([IDR, NONE]), max_size=12).map(segment)
instants = st.integers(5 * GOP_US, 25 * GOP_US)


@given(heads=segments, one=instants, other=instants, leads=st.booleans())
def test_scope_is_what_overlaps_and_what_decoding_that_needs(
    heads: list[RecordHead], one: int, other: int, leads: bool
) -> None:
    from_us, to_us = min(one, other), max(one, other)
    granted = records_in_scope(heads, from_us, to_us, leads_into_next=leads)
    gops = {each.seq: each for each in heads[1:]}
    asked = {seq for seq, each in gops.items() if overlaps(each, from_us, to_us)}
    asked |= {max(gops)} if leads and gops else set()
    chosen = set(granted) - {0}
    assert granted == sorted(granted)
    assert asked <= chosen
    assert (0 in granted) is bool(chosen)
    # Every run of chosen records begins with a random access point, or there is none before it.
    for seq in chosen:
        assert gops[seq].random_access is IDR or seq - 1 in chosen or seq == 1
    # Nothing is chosen that no asked record needs: from it to the next asked one, no other random access point.
    for seq in chosen - asked:
        following = min(later for later in asked if later > seq)
        assert all(gops[between].random_access is NONE for between in range(seq + 1, following + 1))


@given(heads=segments, one=instants, other=instants)
def test_wider_grant_never_covers_less(heads: list[RecordHead], one: int, other: int) -> None:
    from_us, to_us = min(one, other), max(one, other)
    inner = records_in_scope(heads, from_us, to_us)
    assert set(inner) <= set(records_in_scope(heads, from_us - 1, to_us + 1))


def test_behind_a_recovery_point_the_group_before_it_is_granted_too() -> None:
    point = RandomAccess.RECOVERY_POINT
    heads = segment([IDR, NONE, point, NONE, point, NONE, IDR])
    second = 10 * GOP_US
    assert records_in_scope(heads, second + 5 * GOP_US, second + 6 * GOP_US) == [0, 3, 4, 5, 6]
    assert records_in_scope(heads, second + 3 * GOP_US, second + 4 * GOP_US) == [0, 1, 2, 3, 4]
    assert records_in_scope(heads, second + 6 * GOP_US, second + 7 * GOP_US) == [0, 7]
    alone = segment([point, NONE])
    assert records_in_scope(alone, second + GOP_US, second + 2 * GOP_US) == [0, 1, 2]


def test_interval_is_half_open() -> None:
    one = head(1, 10 * GOP_US, IDR)
    assert not overlaps(one, 9 * GOP_US, 10 * GOP_US)
    assert overlaps(one, 9 * GOP_US, 10 * GOP_US + 1)
    assert overlaps(one, 11 * GOP_US - 1, 20 * GOP_US)
    assert not overlaps(one, 11 * GOP_US, 20 * GOP_US)
    assert not overlaps(one, 10 * GOP_US, 10 * GOP_US)


def test_single_picture_without_duration_is_one_instant() -> None:
    one = head(1, 10 * GOP_US, IDR, dur_90k=0)
    assert overlaps(one, 10 * GOP_US, 10 * GOP_US + 1)
    assert not overlaps(one, 10 * GOP_US + 1, 20 * GOP_US)


def test_end_between_two_microseconds_counts_as_inside() -> None:
    one = head(1, 0, IDR, dur_90k=1)  # 11.1 us
    assert one.end_utc_us == 12


def test_group_that_crosses_segments_is_granted_whole() -> None:
    names = [SegmentId(f"{at:032x}") for at in range(3)]
    chain = [
        SegmentHeads(names[0], UtcUs(10 * GOP_US), None, segment([IDR, IDR, NONE])),
        SegmentHeads(names[1], UtcUs(13 * GOP_US), names[0], segment([NONE, NONE], start_us=13 * GOP_US)),
        SegmentHeads(names[2], UtcUs(15 * GOP_US), names[1], segment([NONE, IDR], start_us=15 * GOP_US)),
    ]
    from_us = 15 * GOP_US
    assert segments_in_scope(chain, from_us, from_us + 1) == {
        names[0]: [0, 2, 3],
        names[1]: [0, 1, 2],
        names[2]: [0, 1],
    }
    assert segments_in_scope(chain, 16 * GOP_US, 17 * GOP_US) == {names[2]: [0, 2]}


def test_segment_that_begins_with_a_random_access_point_needs_none_before() -> None:
    heads = segment([IDR, NONE])
    assert not begins_in_previous(heads, [0, 1, 2])
    assert begins_in_previous(segment([NONE]), [0, 1])
    assert not begins_in_previous(heads, [])


def side(seq: int) -> RecordHead:
    return RecordHead(type=RecordType.SIDE, seq=seq, ct_len=8, slice_count=1, start_utc_us=UtcUs(10 * GOP_US))


def test_side_record_is_in_scope_with_the_group_behind_it_if_that_overlaps_the_interval() -> None:
    init = segment([])[0]
    heads = [init, side(1), head(2, 10 * GOP_US, IDR), side(3), head(4, 11 * GOP_US, NONE), side(5)]
    assert records_in_scope(heads, 0, 100 * GOP_US) == [0, 1, 2, 3, 4]
    # The first group is only there to decode the second: where the dome looked meanwhile was not asked for.
    assert records_in_scope(heads, 11 * GOP_US, 12 * GOP_US) == [0, 2, 3, 4]
    assert records_in_scope(heads, 10 * GOP_US, 11 * GOP_US) == [0, 1, 2]
    assert records_in_scope(heads, 50 * GOP_US, 60 * GOP_US, leads_into_next=True) == [0, 2, 4]


def test_side_record_behind_the_last_group_is_never_in_scope() -> None:
    assert records_in_scope([*segment([IDR]), side(2)], 0, 100 * GOP_US) == [0, 1]
