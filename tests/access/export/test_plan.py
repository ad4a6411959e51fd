"""What goes into a movie: from where it decodes to the last frame of the interval, no more and no less."""

from array import array
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.plan import Gop, Part, plan_parts
from nvr.base.ids import CameraId, RunId, SegmentId
from nvr.base.units import UtcUs
from storage.records import CodecConfig, RandomAccess

CAMERA = CameraId("cam")
CODEC = CodecConfig("avc1.42c00b", b"a", 160, 90)
OTHER_CODEC = CodecConfig("avc1.42c00b", b"b", 320, 180)
US = 1_000_000
START = 1_790_000_000 * US
DISPLAY_ORDER = [0, 1, 2, 3]
B_ORDER = [0, 3, 1, 2]
IDR, CRA, NONE = RandomAccess.IDR, RandomAccess.CRA, RandomAccess.NONE


def gop(
    number: int,
    *,
    order: Sequence[int] = DISPLAY_ORDER,
    random_access: RandomAccess = IDR,
    run: str = "run",
    codec: CodecConfig = CODEC,
    epoch: int = 1,
    size: int = 1000,
) -> Gop:
    """Four frames of a quarter second each: group `number` shows the second of that number."""
    pts = array("q", [(4 * number + at) * 22_500 for at in order])
    return Gop(
        segment=SegmentId("seg"),
        seq=number + 1,
        run=RunId(run),
        codec=codec,
        random_access=random_access,
        clock_epoch=epoch,
        start_utc_us=UtcUs(START + number * US),
        start_90k=number * 90_000,
        dur_90k=90_000,
        packet_bytes=size,
        pts_90k=pts,
    )


def plan(gops: Sequence[Gop], from_s: float, to_s: float, **bounds: int) -> list[Part]:
    return plan_parts(CAMERA, gops, UtcUs(START + round(from_s * US)), UtcUs(START + round(to_s * US)), **bounds)


def test_last_frame_is_shown_for_one_interval_although_the_group_lasts_to_what_is_decoded_next() -> None:
    late = replace(gop(0, order=B_ORDER), dur_90k=3 * 22_500 + 90_000)
    (part,) = plan([late], 0, 1)
    assert part.end_90k == 90_000
    assert [(one.media_time_90k + part.origin_90k, one.duration_90k) for one in part.edits] == [(0, 90_000)]


def test_movie_begins_one_group_before_a_recovery_point_so_that_its_first_picture_is_whole() -> None:
    point = RandomAccess.RECOVERY_POINT
    groups = [gop(at, random_access=kind) for at, kind in enumerate([IDR, NONE, point, NONE, point, NONE])]
    for from_s, begins in ((5.5, 3), (4.5, 3), (3.5, 1), (1.5, 1)):
        (part,) = plan(groups, from_s, 6)
        assert part.gops[0].seq == begins
    (part,) = plan(groups[2:], 2.5, 6)
    assert part.gops[0].seq == 3


def test_players_do_not_begin_with_a_recovery_point_until_the_first_frame_was_shown() -> None:
    point = RandomAccess.RECOVERY_POINT
    (part,) = plan([gop(at, random_access=point) for at in range(4)], 2, 4)
    firsts = [at for at in range(len(part.pts_90k)) if part.begins_decoding(at, NONE if at % 4 else point)]
    assert (len(part.pts_90k), firsts) == (12, [0, 8])
    assert part.begins_decoding(4, IDR)


def test_movie_begins_where_decoding_does_and_ends_with_the_last_frame_shown() -> None:
    (part,) = plan([gop(number) for number in range(5)], 1.5, 3.5)
    assert [one.seq for one in part.gops] == [2, 3, 4]
    assert part.last_packets == 2
    assert part.hidden_before == [0, 1]
    assert part.hidden_after == []
    assert part.shown == [False, False, *[True] * 8]


def test_group_whose_frames_all_lie_before_is_left_out() -> None:
    (part,) = plan([gop(0), gop(1)], 0.9, 2)
    assert [one.seq for one in part.gops] == [2]


def test_reordered_frame_after_the_interval_is_kept_and_hidden_when_others_need_it() -> None:
    (part,) = plan([gop(0, order=B_ORDER)], 0, 0.5)
    assert part.pts_90k == [0, 3 * 22_500, 22_500]
    assert part.hidden_after == [1]
    (edit,) = part.edits
    assert (edit.media_time_90k + part.origin_90k, edit.duration_90k) == (0, 2 * 22_500 + 22_500)


def test_reordered_frames_before_the_interval_are_hidden() -> None:
    (part,) = plan([gop(0, order=B_ORDER)], 0.5, 1)
    assert part.hidden_before == [0, 2]
    assert [edit.media_time_90k + part.origin_90k for edit in part.edits] == [2 * 22_500]


@pytest.mark.parametrize(
    "second",
    [gop(1, run="other"), gop(1, codec=OTHER_CODEC), gop(1, epoch=2)],
    ids=["run", "codec", "clock epoch"],
)
def test_movie_ends_where_the_next_could_not_be_shown_on(second: Gop) -> None:
    assert [[one.seq for one in part.gops] for part in plan([gop(0), second], 0, 9)] == [[1], [2]]


def test_clock_step_inside_a_group_does_not_cut_it() -> None:
    (part,) = plan([gop(0), gop(1, random_access=NONE, epoch=2)], 0, 9)
    assert len(part.gops) == 2


def test_frames_before_a_clean_random_access_point_take_the_group_before_along() -> None:
    leading = gop(1, order=[1, 0, 2, 3], random_access=CRA)
    (part,) = plan([gop(0), leading], 1, 2)
    assert [one.seq for one in part.gops] == [1, 2]
    (part,) = plan([gop(0), leading], 1.25, 2)
    assert [one.seq for one in part.gops] == [2]


def test_continuation_takes_its_beginning_along() -> None:
    (part,) = plan([gop(0), gop(1, random_access=NONE), gop(2, random_access=NONE)], 2, 3)
    assert [one.seq for one in part.gops] == [1, 2, 3]


def test_nothing_is_planned_where_nothing_is_shown() -> None:
    assert plan([], 0, 1) == []
    assert plan([gop(0)], 5, 6) == []


@pytest.mark.parametrize("bounds", [{"most_us": 2 * US}, {"most_bytes": 2000}])
def test_long_movie_is_cut_at_a_random_access_point(bounds: dict[str, int]) -> None:
    parts = plan([gop(number) for number in range(5)], 0.5, 4.5, **bounds)
    assert [[one.seq for one in part.gops] for part in parts] == [[1, 2], [3, 4], [5]]
    assert [part.last_packets for part in parts] == [4, 4, 2]


def test_group_that_is_too_long_alone_stays_whole() -> None:
    gops = [gop(0), *(gop(number, random_access=NONE) for number in range(1, 5))]
    (part,) = plan(gops, 0, 5, most_us=2 * US)
    assert len(part.gops) == 5


@given(st.lists(st.permutations(DISPLAY_ORDER), min_size=1, max_size=6), st.data())
def test_every_frame_of_the_interval_is_shown_and_no_other(orders: list[list[int]], data: st.DataObject) -> None:
    gops = [gop(number, order=[0, *(at for at in order if at)]) for number, order in enumerate(orders)]
    from_q, to_q = data.draw(st.tuples(st.integers(-2, 30), st.integers(-2, 30)))
    parts = plan(gops, from_q / 4, to_q / 4, most_us=data.draw(st.integers(1, 6)) * US)
    shown = [pts for part in parts for pts, seen in zip(part.pts_90k, part.shown, strict=True) if seen]
    wanted = [pts for one in gops for pts in one.pts_90k if from_q * 22_500 <= pts < to_q * 22_500]
    assert shown == wanted
    for part in parts:
        assert part.shown[-1]
        assert len(part.hidden_before) + len(part.hidden_after) + sum(part.shown) == len(part.pts_90k)
        assert part.gops[0].random_access is IDR
        assert len(part.hidden_before) < 4


@pytest.mark.parametrize(
    ("numbers", "random_access", "parts"), [((0, 1, 2), CRA, 1), ((0, 2, 3), CRA, 2), ((0, 2, 3), IDR, 1)]
)
def test_open_group_behind_a_hole_begins_a_movie_of_its_own(
    numbers: Sequence[int], random_access: RandomAccess, parts: int
) -> None:
    gops = [gop(numbers[0]), *(gop(number, random_access=random_access) for number in numbers[1:])]
    assert len(plan(gops, 0, 9)) == parts


def test_frames_that_do_not_decode_are_hidden_as_long_as_there_are_others() -> None:
    first = replace(gop(1, order=[2, 0, 1, 3], random_access=CRA), undecodable_first=(1, 2))
    for to_s, shown in ((9, [True, False, False, True]), (1.5, [False, True, True])):
        (part,) = plan([first], 0, to_s)
        assert part.undecodable == [1, 2]
        assert part.shown == shown
