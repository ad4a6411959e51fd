from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.gop import MAX_LEADING_90K, MAX_RECORD_90K, MAX_RECORD_BYTES, GopBuilder
from storage.records import RandomAccess, Record

NONE, IDR, CRA = RandomAccess.NONE, RandomAccess.IDR, RandomAccess.CRA


def _records(units: list[tuple[int, int, RandomAccess]]) -> list[Record]:
    """As a run does it, the last record closed without a successor."""
    gop, records = GopBuilder(), []
    data = bytearray()
    for pts_90k, size, random_access in units:
        if gop.units and gop.ends_before(pts_90k, size, random_access):
            records.append(gop.close(data, next_90k=pts_90k))
            data = bytearray()
        gop.add(pts_90k, size, random_access, 0)
        data += bytes(size)
    if gop.units:
        records.append(gop.close(data, next_90k=None))
    return records


def test_record_ends_at_a_random_access_point() -> None:
    units = [(index * 3600, 10, IDR if index % 25 == 0 else NONE) for index in range(60)]
    records = _records(units)
    assert [(r.pts_90k, r.dur_90k, len(r.sizes), r.random_access, r.continuation) for r in records] == [
        (0, 90_000, 25, IDR, False),
        (90_000, 90_000, 25, IDR, False),
        (180_000, 36_000, 10, IDR, False),
    ]


def test_long_group_is_cut_at_two_seconds_and_says_so() -> None:
    records = _records([(index * 3600, 10, IDR if index == 0 else NONE) for index in range(120)])
    assert [(r.pts_90k, r.dur_90k, r.random_access, r.continuation) for r in records] == [
        (0, MAX_RECORD_90K, IDR, False),
        (MAX_RECORD_90K, MAX_RECORD_90K, NONE, True),
        (2 * MAX_RECORD_90K, 72_000, NONE, True),
    ]


def test_record_never_passes_eight_mebibytes_but_for_one_larger_picture() -> None:
    third = MAX_RECORD_BYTES // 3
    records = _records([(index * 3600, third, IDR if index == 0 else NONE) for index in range(7)])
    assert [len(r.sizes) for r in records] == [3, 3, 1]
    records = _records([(0, MAX_RECORD_BYTES + 5, IDR), (3600, 5, NONE)])
    assert [len(r.sizes) for r in records] == [1, 1]


def test_reordered_pictures_keep_their_places_relative_to_the_first() -> None:
    records = _records([(0, 1, IDR), (10_800, 2, NONE), (3600, 3, NONE), (7200, 4, NONE), (14_400, 5, IDR)])
    assert list(records[0].pts_delta_90k) == [0, 10_800, 3600, 7200]
    assert list(records[0].sizes) == [1, 2, 3, 4]
    assert records[0].dur_90k == 14_400


def test_record_begins_with_the_picture_that_is_shown_first() -> None:
    frame = 3600
    decoded = [(0, IDR), (8, CRA), (6, NONE), (5, NONE), (7, NONE), (12, NONE), (10, NONE), (16, CRA)]
    records = _records([(at * frame, 1, kind) for at, kind in decoded])
    assert [(r.pts_90k // frame, r.dur_90k // frame) for r in records] == [(0, 8), (5, 11), (16, 6)]
    assert [delta // frame for delta in records[1].pts_delta_90k] == [3, 1, 0, 2, 7, 5]


def test_record_that_is_cut_before_a_picture_shown_earlier_covers_its_last_and_the_next_ends_no_sooner() -> None:
    frame, third = 3600, MAX_RECORD_BYTES // 3
    records = _records([(at * frame, third, IDR if at == 0 else NONE) for at in (0, 4, 8, 6)])
    assert [(r.pts_90k // frame, r.dur_90k // frame) for r in records] == [(0, 12), (6, 6)]


def test_picture_that_would_have_its_record_begin_before_the_one_before_goes_back() -> None:
    gop = GopBuilder()
    assert not gop.goes_back(-3600, opens=True)
    gop.add(36_000, 1, IDR, 0)
    assert not gop.goes_back(7200, opens=False)
    assert not gop.goes_back(36_000 - MAX_LEADING_90K, opens=False)
    assert gop.goes_back(36_000 - MAX_LEADING_90K - 1, opens=False)
    gop.add(7200, 1, NONE, 0)
    assert gop.goes_back(3600, opens=True)
    gop.close(bytearray(2), next_90k=None)
    assert gop.goes_back(7200, opens=True)
    assert not gop.goes_back(7201, opens=True)
    gop.add(90_000, 1, CRA, 0)
    assert gop.goes_back(7200, opens=False)
    assert not gop.goes_back(7201, opens=False)


def test_hole_ends_the_record_without_stretching_it() -> None:
    records = _records([(0, 1, IDR), (3600, 1, NONE), (3600 * 30, 1, NONE), (3600 * 31, 1, NONE)])
    assert [(r.pts_90k, r.dur_90k) for r in records] == [(0, 7200), (108_000, 7200)]


def test_record_whose_end_is_an_estimate_does_not_lie_over_a_next_one_that_is_known() -> None:
    # The first picture is shown last, long after those that follow it: behind them, the next one looks far away.
    times = [(90_000, IDR), (0, NONE), (3601, NONE), (7201, NONE), (106_202, IDR)]
    first, second = _records([(pts, 1, kind) for pts, kind in times])
    assert (first.pts_90k, first.pts_90k + first.dur_90k) == (0, second.pts_90k)


def test_slow_camera_has_no_holes_once_its_step_is_known() -> None:
    records = _records([(0, 1, IDR), (200_000, 1, NONE), (400_000, 1, NONE), (600_000, 1, IDR), (800_000, 1, NONE)])
    gop = GopBuilder()
    gop.add(0, 1, IDR, 0)
    assert gop.is_hole(200_000)
    gop.add(200_000, 1, NONE, 0)
    assert not gop.is_hole(400_000)
    assert sum(len(r.sizes) for r in records) == 5


def test_parts_of_one_picture_are_one_unit() -> None:
    gop = GopBuilder()
    gop.add(0, 10, IDR, 0)
    gop.extend(5, 2)
    record = gop.close(bytearray(15), next_90k=3600)
    assert (list(record.sizes), record.lost) == ([15], 2)


def test_losses_are_those_of_the_record_they_happened_in() -> None:
    gop = GopBuilder()
    gop.add(0, 1, IDR, 3)
    gop.add(3600, 1, NONE, 4)
    assert gop.close(bytearray(2), next_90k=7200).lost == 7
    gop.add(7200, 1, IDR, 0)
    assert gop.close(bytearray(1), next_90k=None).lost == 0


@given(
    st.lists(
        st.tuples(st.integers(1, 400_000), st.integers(1, 4_000_000), st.sampled_from([NONE, NONE, NONE, IDR])),
        min_size=1,
        max_size=60,
    )
)
def test_no_unit_is_lost_or_twice_and_records_do_not_overlap(made: list[tuple[int, int, RandomAccess]]) -> None:
    pts_90k, units = 0, []
    for step_90k, size, random_access in made:
        units.append((pts_90k, size, random_access))
        pts_90k += step_90k
    records = _records(units)
    assert [size for r in records for size in r.sizes] == [size for _, size, _ in units]
    assert [r.pts_90k + delta for r in records for delta in r.pts_delta_90k] == [pts for pts, _, _ in units]
    for record in records:
        assert record.dur_90k > 0
        assert sum(record.sizes) <= MAX_RECORD_BYTES or len(record.sizes) == 1
        assert record.pts_delta_90k[-1] < MAX_RECORD_90K
    for before, after in pairwise(records):
        assert before.pts_90k < after.pts_90k
