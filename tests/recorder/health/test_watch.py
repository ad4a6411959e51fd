from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, Ticks90k, UtcUs
from recorder.health.looker import Looked, Looker, Tell
from recorder.health.looks import PROFILE_BYTES, Look, Task
from recorder.health.references import References
from recorder.health.states import Thresholds
from recorder.health.watch import NOT_WATCHED, HealthWatch
from storage.records import CodecConfig, RandomAccess, Record
from storage.snapshot import CameraEntry

ENTRY = CameraEntry(CameraId("cam-1"), "rtsp://192.0.2.1/live", 0)
OTHER = replace(ENTRY, camera=CameraId("cam-2"))
CODEC = CodecConfig("avc1.64001f", b"avcC", 640, 360)
MINUTE_US = 60 * US_PER_SECOND
DARK = Look(17, 20, 0, 0, 0, bytes(PROFILE_BYTES), (), 40)


class Scripted(Looker):
    """Takes offers, and answers when told."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__((), {}, clock)
        self.taken: list[tuple[Task, Tell]] = []
        self.is_free = True

    @property
    def free(self) -> bool:
        return self.is_free

    def offer(self, task: Task, tell: Tell) -> bool:
        if self.is_free:
            self.taken.append((task, tell))
        return self.is_free

    def answer(self, look: Look | None, *, failed: bool = False) -> None:
        task, tell = self.taken[-1]
        matches = (1000,) * len(task.references)
        tell(Looked(None if look is None else replace(look, matches=matches), failed=failed))


class Town:
    def __init__(self, folder: Path) -> None:
        self.clock = SimClock()
        self.looker = Scripted(self.clock)
        self.references = References(folder / "f")
        self.blind: list[bool] = []
        self.watch = HealthWatch(
            self.looker,
            self.references,
            self.clock,
            interval_s=60,
            thresholds=Thresholds(),
            blind=self.blind.append,
        )


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def record(random_access: RandomAccess = RandomAccess.IDR, data: bytes = b"key frame, then others") -> Record:
    sizes = array("I", [len(b"key frame"), len(data) - len(b"key frame")])
    return Record(
        UtcUs(0),
        Ticks90k(0),
        90_000,
        1,
        random_access,
        data=bytearray(data),
        sizes=sizes,
        pts_delta_90k=array("i", [0, 9]),
    )


def show(town: Town, offer: Callable[[Record, CodecConfig], None], minutes: int, look: Look | None) -> None:
    for _ in range(minutes):
        town.clock.advance(MINUTE_US)
        offer(record(), CODEC)
        town.looker.answer(look)


async def test_key_frame_alone_is_offered_once_a_minute(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    town.clock.advance(MINUTE_US)
    offer(record(RandomAccess.NONE), CODEC)
    assert town.looker.taken == []
    for _ in range(600):
        offer(record(), CODEC)
        town.clock.advance(US_PER_SECOND)
    assert 10 <= len(town.looker.taken) <= 11  # the first one comes when the lot says
    assert {task.unit for task, _ in town.looker.taken} == {b"key frame"}
    assert {(task.codec, task.extradata) for task, _ in town.looker.taken} == {(CODEC.codec, CODEC.extradata)}


async def test_record_is_left_as_it_was_and_storage_may_resize_it(town: Town) -> None:
    offer, given = town.watch.watch(ENTRY), record()
    town.clock.advance(MINUTE_US)
    before = bytes(given.data)
    offer(given, CODEC)
    assert bytes(given.data) == before
    given.data += b"a view that is still held would refuse this"


async def test_what_is_not_taken_is_offered_again_with_the_next_key_frame(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    town.clock.advance(MINUTE_US)
    town.looker.is_free = False
    offer(record(), CODEC)
    town.looker.is_free = True
    town.clock.advance(US_PER_SECOND)
    offer(record(), CODEC)
    assert len(town.looker.taken) == 1


async def test_fault_is_told_with_its_instant_and_ends(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    show(town, offer, 3, DARK)
    found = town.watch.health(ENTRY.camera)
    now = town.clock.utc_us()
    assert (found.faults, found.since_utc_us, found.looked_utc_us, found.learnt) == (("dark",), now, now, False)
    show(town, offer, 1, DARK)
    assert town.watch.health(ENTRY.camera).since_utc_us == now
    show(town, offer, 8, replace(DARK, bright=200, luma=120, colour=10))
    over = town.watch.health(ENTRY.camera)
    assert (over.faults, over.since_utc_us, over.learnt) == ((), None, True)


async def test_look_that_shows_no_picture_changes_nothing(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    show(town, offer, 3, None)
    assert town.watch.health(ENTRY.camera) == NOT_WATCHED


async def test_camera_that_ends_the_process_is_put_off_and_others_are_not(town: Town) -> None:
    offer, others = town.watch.watch(ENTRY), town.watch.watch(OTHER)
    town.clock.advance(MINUTE_US)
    offer(record(), CODEC)
    town.looker.answer(None, failed=True)
    town.clock.advance(MINUTE_US)
    offer(record(), CODEC)
    assert len(town.looker.taken) == 1
    others(record(), CODEC)
    assert len(town.looker.taken) == 2
    town.looker.answer(DARK)
    town.clock.advance(MINUTE_US)
    offer(record(), CODEC)
    assert len(town.looker.taken) == 3


async def test_nobody_who_can_look_is_told_after_five_failures_and_its_end(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    for _ in range(5):
        town.clock.advance(100 * MINUTE_US)
        offer(record(), CODEC)
        town.looker.answer(None, failed=True)
    assert town.blind == [False] * 4 + [True]
    town.clock.advance(100 * MINUTE_US)
    offer(record(), CODEC)
    town.looker.answer(None)
    assert town.blind[-1] is False


async def test_answer_that_comes_after_the_camera_began_anew_is_not_taken(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    town.clock.advance(MINUTE_US)
    offer(record(), CODEC)
    town.watch.watch(ENTRY)
    town.looker.answer(DARK)
    assert town.watch.health(ENTRY.camera) == NOT_WATCHED
    town.watch.forget(ENTRY.camera)
    town.looker.answer(DARK)
    assert town.watch.health(ENTRY.camera) == NOT_WATCHED


async def test_references_go_on_with_the_same_camera_and_not_with_one_aimed_anew(town: Town) -> None:
    offer = town.watch.watch(ENTRY)
    show(town, offer, 6, replace(DARK, bright=200, luma=120, colour=10))
    again = town.watch.watch(ENTRY)
    show(town, again, 1, replace(DARK, bright=200, luma=120, colour=10))
    assert town.watch.health(ENTRY.camera).learnt
    anew = town.watch.watch(replace(ENTRY, commissioned_from_utc_us=UtcUs(1), commissioned_until_utc_us=UtcUs(2)))
    show(town, anew, 1, replace(DARK, bright=200, luma=120, colour=10))
    assert not town.watch.health(ENTRY.camera).learnt


async def test_dome_leaves_no_reference_behind(town: Town) -> None:
    dome = HealthWatch(
        town.looker,
        town.references,
        town.clock,
        interval_s=60,
        thresholds=Thresholds(),
        blind=town.blind.append,
        aimed=lambda entry: entry.camera != ENTRY.camera,
    )
    show(town, dome.watch(ENTRY), 8, replace(DARK, bright=200, luma=120, colour=10))
    assert not dome.health(ENTRY.camera).learnt
    assert b"profile" not in town.references.content()
    show(town, dome.watch(OTHER), 8, replace(DARK, bright=200, luma=120, colour=10))
    assert dome.health(OTHER.camera).learnt
