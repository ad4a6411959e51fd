from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_SECOND
from recorder.writing import Writing

TICK_US = US_PER_SECOND // 2
STEP_US = 40_000


class Disk:
    def __init__(self) -> None:
        self.bytes = 0

    def written(self) -> int:
        return self.bytes


def late_at(watch: Writing, from_us: int, until_us: int, step_us: int = STEP_US) -> int | None:
    """The first tick at which bytes are late."""
    ticks = range(from_us, until_us, TICK_US)
    return next((now for now in ticks if watch.is_late(now, step_us)), None)


def test_disk_that_takes_no_bytes_any_more_is_late_after_a_record_and_the_grace() -> None:
    disk = Disk()
    watch = Writing(disk.written)
    assert not watch.is_late(0, STEP_US)
    disk.bytes = 1
    assert not watch.is_late(10 * US_PER_SECOND, STEP_US)
    # 2 s of a record, 2 s and three frames of grace: 4.12 s.
    assert late_at(watch, 10 * US_PER_SECOND, 60 * US_PER_SECOND) == 14_500_000


def test_bytes_that_come_again_end_it() -> None:
    disk = Disk()
    watch = Writing(disk.written)
    assert late_at(watch, 0, 60 * US_PER_SECOND) is not None
    disk.bytes = 1
    assert not watch.is_late(61 * US_PER_SECOND, STEP_US)


def test_slow_camera_has_the_time_of_three_of_its_pictures() -> None:
    watch = Writing(Disk().written)
    assert late_at(watch, 0, 60 * US_PER_SECOND, step_us=5 * US_PER_SECOND) == 21_500_000


def test_nothing_is_due_while_no_pictures_come() -> None:
    watch = Writing(Disk().written)
    assert not watch.is_late(0, STEP_US)
    watch.pause()
    assert not watch.is_late(100 * US_PER_SECOND, STEP_US)
    assert late_at(watch, 100 * US_PER_SECOND, 200 * US_PER_SECOND) == 106_500_000


@given(st.lists(st.integers(TICK_US, 4 * US_PER_SECOND), min_size=1, max_size=50))
def test_disk_that_writes_a_record_within_its_time_and_the_grace_is_never_late(pauses_us: list[int]) -> None:
    disk = Disk()
    watch = Writing(disk.written)
    now_us = 0
    for pause_us in pauses_us:
        assert late_at(watch, now_us, now_us + pause_us) is None
        now_us += pause_us
        disk.bytes += 1
