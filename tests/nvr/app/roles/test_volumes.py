"""Which volume takes a camera: points are spread, room is followed, a lost volume is left, a segment knows its own."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.app.roles.volumes import VolumeRouter
from nvr.base.ids import CameraId, PointId, RunId, SegmentId
from nvr.base.units import UtcUs
from storage.records import CodecConfig, GapCause, Record, SegmentStart
from storage.snapshot import CameraEntry
from storage.volume import Space


@dataclass
class FakeVolume:
    id: str


@dataclass(eq=False)
class FakeWriter:
    volume: FakeVolume
    lost: str | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    full: bool = False
    gave_up: set[str] = field(default_factory=set)
    room_bytes: int = 1000
    space: Space = field(default_factory=lambda: Space(1 << 40, 1 << 41))

    def open_segment(self, start: SegmentStart, first_bytes: int) -> bool:
        if first_bytes > self.room_bytes:
            return False
        self.told.append(("open", start.segment))
        return True

    def append(self, segment: SegmentId, record: Record) -> bool:
        self.told.append(("append", segment))
        return True

    def close_segment(self, segment: SegmentId) -> None:
        self.told.append(("close", segment))

    def failed(self, segment: SegmentId) -> GapCause | None:
        return GapCause.DISK_LOST if self.lost is not None or segment in self.gave_up else None

    @property
    def in_service(self) -> bool:
        return self.lost is None and not self.full


@pytest.fixture
def writers() -> list[FakeWriter]:
    return [FakeWriter(FakeVolume(name)) for name in ("a", "b")]


def router(writers: list[FakeWriter], **points: str) -> VolumeRouter:
    made = VolumeRouter(cast("Any", writers))
    made.cameras(CameraEntry(CameraId(camera), "", 0, point=PointId(point)) for camera, point in points.items())
    return made


def segment(camera: str, number: int = 1) -> SegmentStart:
    codec = CodecConfig("avc1.64001f", b"", 0, 0)
    name = SegmentId(f"{camera}-{number}")
    return SegmentStart(name, CameraId(camera), RunId("r"), UtcUs(0), 1, codec)


def opened(writer: FakeWriter) -> set[str]:
    return {name.partition("-")[0] for what, name in writer.told if what == "open"}


def test_cameras_of_one_point_lie_on_different_volumes(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1", other="p2", south="p1", east="p3")
    for camera in ("north", "other", "south", "east"):
        route.open_segment(segment(camera), 100)
    assert len(opened(writers[0]) & {"north", "south"}) == 1
    assert len(opened(writers[0])) == len(opened(writers[1])) == 2


rooms = st.lists(st.integers(1, 1 << 50), min_size=1, max_size=6)


def placed(free: list[int], points: list[str]) -> list[int]:
    """The volume of each camera, which all begin one after the other; an empty point is none."""
    writers = [FakeWriter(FakeVolume(str(number)), space=Space(bytes_, 1 << 51)) for number, bytes_ in enumerate(free)]
    names = [f"cam{number}" for number in range(len(points))]
    made = VolumeRouter(cast("Any", writers))
    made.cameras(
        CameraEntry(CameraId(name), "", 0, point=PointId(point) if point else None)
        for name, point in zip(names, points, strict=True)
    )
    for name in names:
        made.open_segment(segment(name), 100)
    return [next(at for at, writer in enumerate(writers) if name in opened(writer)) for name in names]


@given(rooms, st.lists(st.sampled_from(["", "p1", "p2", "p3"]), max_size=20))
def test_cameras_of_a_point_are_apart_wherever_there_are_as_many_volumes(free: list[int], points: list[str]) -> None:
    homes = placed(free, points)
    for point in set(points) - {""}:
        taken = [home for home, own in zip(homes, points, strict=True) if own == point]
        assert len(set(taken)) == min(len(taken), len(free))


@given(rooms, st.integers(0, 40))
def test_no_camera_would_have_more_room_on_another_volume(free: list[int], cameras: int) -> None:
    homes = placed(free, [""] * cameras)
    counts = [homes.count(volume) for volume in range(len(free))]
    for here, count in enumerate(counts):
        for there, other in enumerate(counts):
            assert not count or free[here] * (other + 1) >= free[there] * count * (1 - 1e-9)


@given(st.tuples(st.integers(1, 1 << 50), st.integers(1, 1 << 50)), st.integers(0, 60))
def test_shares_of_two_volumes_follow_their_free_room_within_one_camera(free: tuple[int, int], cameras: int) -> None:
    here = placed(list(free), [""] * cameras).count(0)
    assert abs(here - cameras * free[0] / sum(free)) <= 1 + 1e-9


def test_camera_that_moves_goes_where_its_point_is_not_before_it_goes_where_room_is() -> None:
    writers = [
        FakeWriter(FakeVolume(name), space=Space(free, 1000)) for name, free in (("a", 900), ("b", 500), ("c", 1))
    ]
    route = router(writers, north="p1", south="p1")
    for camera in ("north", "south"):
        route.open_segment(segment(camera), 100)
    assert [opened(writer) for writer in writers] == [{"north"}, {"south"}, set()]
    writers[1].full = True
    route.open_segment(segment("south", 2), 100)
    assert opened(writers[2]) == {"south"}


def test_camera_keeps_its_volume_though_another_has_more_room_by_now(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    route.open_segment(segment("north"), 100)
    (home,) = [writer for writer in writers if writer.told]
    home.space = Space(1, 1000)
    route.open_segment(segment("north", 2), 100)
    assert [what for what, _ in home.told] == ["open", "open"]


def test_volume_that_is_drained_keeps_what_grows_and_takes_nothing_new(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    first, second = segment("north"), segment("north", 2)
    route.open_segment(first, 100)
    (home,) = [writer for writer in writers if writer.told]
    drained = cast("Any", home)
    route.drain(drained)
    assert route.failed(first.segment) is None
    assert route.append(first.segment, cast("Any", None))
    assert route.growing_on(drained) == {"north"}
    route.close_segment(first.segment)
    assert route.growing_on(drained) == set()
    route.open_segment(second, 100)
    assert second.segment not in [name for _, name in home.told]
    route.remove(drained)
    assert [writer.volume.id for writer in route.in_service] == [
        writer.volume.id for writer in writers if writer is not home
    ]


def test_volume_that_comes_takes_cameras_that_have_none(writers: list[FakeWriter]) -> None:
    route = router([], north="p1")
    route.open_segment(segment("north"), 100)
    assert route.failed(segment("north").segment) is GapCause.DISK_LOST
    route.add(cast("Any", writers[0]))
    route.open_segment(segment("north", 2), 100)
    assert opened(writers[0]) == {"north"}


def test_camera_keeps_its_volume(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1", south="p1")
    for number in range(4):
        route.open_segment(segment("north", number), 100)
        route.open_segment(segment("south", number), 100)
    assert opened(writers[0]).isdisjoint(opened(writers[1]))


def test_camera_leaves_a_lost_volume_and_its_segment_has_failed(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    first, second = segment("north"), segment("north", 2)
    route.open_segment(first, 100)
    (home,) = [writer for writer in writers if writer.told]
    (other,) = [writer for writer in writers if not writer.told]
    home.lost = "sync"
    assert route.failed(first.segment)
    route.open_segment(second, 100)
    assert other.told == [("open", second.segment)]
    assert [writer.volume.id for writer in route.in_service] == [other.volume.id]


def test_records_and_closing_go_where_the_segment_was_opened(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    start = segment("north")
    route.open_segment(start, 100)
    assert route.append(start.segment, cast("Any", None))
    route.close_segment(start.segment)
    (home,) = [writer for writer in writers if writer.told]
    assert [what for what, _ in home.told] == ["open", "append", "close"]


def test_without_any_volume_a_segment_has_failed_at_once(writers: list[FakeWriter]) -> None:
    for writer in writers:
        writer.lost = "gone"
    route = router(writers, north="p1")
    start = segment("north")
    route.open_segment(start, 100)
    assert not route.append(start.segment, cast("Any", None))
    assert route.failed(start.segment) is GapCause.DISK_LOST
    route.close_segment(start.segment)
    assert not route._at


def test_camera_leaves_a_full_volume_and_without_room_anywhere_the_cause_is_full(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    route.open_segment(segment("north"), 100)
    (home,) = [writer for writer in writers if writer.told]
    (other,) = [writer for writer in writers if not writer.told]
    home.full = True
    route.open_segment(segment("north", 2), 100)
    assert other.told == [("open", segment("north", 2).segment)]
    other.full = True
    route.open_segment(segment("north", 3), 100)
    assert route.failed(segment("north", 3).segment) is GapCause.FULL


def test_segment_that_the_volume_gave_up_is_forgotten_once_it_is_closed(writers: list[FakeWriter]) -> None:
    route = router(writers, north="p1")
    start = segment("north")
    route.open_segment(start, 100)
    for writer in writers:
        writer.gave_up.add(start.segment)
    assert route.failed(start.segment)
    route.close_segment(start.segment)
    assert not route._at


def test_segment_that_finds_no_room_has_not_begun_and_may_begin_later(writers: list[FakeWriter]) -> None:
    route = router(writers[:1], north="p1")
    start = segment("north")
    assert not route.open_segment(start, 1001)
    assert writers[0].told == []
    assert route.open_segment(start, 1000)
    assert opened(writers[0]) == {"north"}
