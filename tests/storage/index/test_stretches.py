"""Stretches of footage follow from the sealed segments, whatever comes and goes, in whatever order."""

from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.index.stretches import JOINT_US, Day, joined
from storage.index.tables import STRETCH
from storage.index.writer import Index
from storage.ledger.machine import Body, Expire, Expired, Missing, Seal
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, hold, seal, uuid

CAMERA = CameraId("hall-1")
MIDNIGHT = NOW_UTC_US - NOW_UTC_US % US_PER_DAY
STEP_US = US_PER_SECOND // 2

INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=20)


def spread(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(start * STEP_US, (start + length) * STEP_US) for start, length in pairs]


@given(first=INTERVALS, second=INTERVALS)
def test_joining_what_is_joined_with_more_joins_all(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    whole = joined([*spread(first), *spread(second)])
    assert joined([*joined(spread(first)), *spread(second)]) == whole
    assert all(later[0] - earlier[1] > JOINT_US for earlier, later in pairwise(whole))


def test_hole_of_a_second_joins_and_a_longer_one_parts() -> None:
    assert joined([(0, 5), (5 + JOINT_US, 9 + JOINT_US)]) == [(0, 9 + JOINT_US)]
    assert joined([(0, 5), (6 + JOINT_US, 9 + JOINT_US)]) == [(0, 5), (6 + JOINT_US, 9 + JOINT_US)]


def stretches(index: Index) -> list[tuple[str, int, int]]:
    with index._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(STRETCH).order_by("camera", "from_utc_us"))]


def derived(index: Index) -> list[tuple[str, int, int]]:
    """What the segments themselves say."""
    days: dict[Day, list[tuple[int, int]]] = {}
    for camera in (CAMERA, CameraId("other")):
        for row in index.segments(camera, 0, 2**53):
            days.setdefault(Day.of(camera, row.start_utc_us), []).append((row.start_utc_us, row.end_utc_us))
    return sorted((day.camera, start, end) for day, of in days.items() for start, end in joined(of))


def piece(number: int, half_seconds: int, length: int, camera: str) -> Seal:
    start = MIDNIGHT + half_seconds * STEP_US
    return seal(number, camera, start).model_copy(update={"end_utc_us": start + length * STEP_US})


PIECES = st.builds(
    piece, st.integers(1, 12), st.integers(-15, 15), st.integers(0, 9), st.sampled_from([CAMERA, "other"])
)
EVENTS: st.SearchStrategy[Body] = st.one_of(
    PIECES,
    PIECES.map(lambda one: one.model_copy(update={"recovered": True})),
    st.integers(1, 12).map(lambda n: Expire(segs=(uuid(n), uuid(n + 1)), reason="cap", deadline_utc_us=1)),
    st.integers(1, 12).map(lambda n: Expired(segs=(uuid(n), uuid(n + 1)), bytes=1, cameras=())),
    st.integers(1, 12).map(lambda n: Missing(seg=uuid(n), camera="a", start_utc_us=1, end_utc_us=2, why="x")),
    st.just(hold()),
)


@settings(max_examples=20)
@given(story=st.lists(EVENTS, max_size=25), cut=st.integers(0, 25))
def test_stretches_are_those_of_the_sealed_segments(
    empty_index: Callable[[], Index], story: list[Body], cut: int
) -> None:
    index = empty_index()
    entries = leaves(story)
    for part in (entries[:cut], entries):
        index.apply(part)
        assert stretches(index) == derived(index)


def test_day_begins_a_new_stretch_at_midnight(index: Index) -> None:
    index.apply(leaves([piece(1, -4, 4, CAMERA), piece(2, 0, 4, CAMERA)]))
    assert stretches(index) == [
        (CAMERA, MIDNIGHT - 4 * STEP_US, MIDNIGHT),
        (CAMERA, MIDNIGHT, MIDNIGHT + 4 * STEP_US),
    ]
