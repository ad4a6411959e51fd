from dataclasses import dataclass, replace

import pytest

from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.errors import CameraUnreachable
from recorder.stalling import Progress, StallWatch
from recorder.status import ShardSettings

SETTINGS = ShardSettings(quiet_s=1.0, stall_s=10, random_access_wait_s=330)
STEP_US = 40_000


@dataclass
class Pictures:
    last_unit_mono_us: MonoUs | None = None
    step_us: int = STEP_US
    awaits_random_access: bool = False


class Watched:
    """A session that plays from instant 0 on, looked at every half second; its disk takes bytes all the time."""

    def __init__(self, settings: ShardSettings = SETTINGS) -> None:
        self.pictures = Pictures()
        self.written = 0
        self.writes = True
        self._watch = StallWatch(settings, lambda: self.written)
        self._now_mono_us = MonoUs(0)
        self._watch.begin()

    def looks(self, seconds: float, *, pictures: bool) -> Progress:
        """What the last look of these seconds shows."""
        shown = Progress.UNDECIDED
        for _ in range(round(seconds * 2)):
            shown = self.look_after(US_PER_SECOND // 2, pictures=pictures)
        return shown

    def look_after(self, us: int, *, pictures: bool) -> Progress:
        self._now_mono_us = MonoUs(self._now_mono_us + us)
        if pictures:
            self.pictures.last_unit_mono_us = self._now_mono_us
        self.written += pictures and self.writes
        self._watch.tick(self._now_mono_us)
        return self._watch.look(self.pictures, MonoUs(0), self._now_mono_us)


def test_pictures_that_come_and_are_written_are_recorded() -> None:
    assert Watched().looks(60, pictures=True) is Progress.RECORDED


def test_session_whose_pictures_stay_away_is_silent_after_two_of_them_and_given_up_later() -> None:
    watched = Watched()
    watched.looks(10, pictures=True)
    assert watched.look_after(US_PER_SECOND + 2 * STEP_US, pictures=False) is Progress.RECORDED
    assert watched.look_after(1, pictures=False) is Progress.SILENT
    assert watched.look_after(2 * US_PER_SECOND, pictures=True) is Progress.RECORDED
    assert watched.looks(10, pictures=False) is Progress.SILENT
    with pytest.raises(CameraUnreachable, match="stalled"):
        watched.looks(0.5, pictures=False)


def test_session_that_never_brings_a_picture_is_silent_from_its_beginning() -> None:
    watched = Watched()
    assert watched.looks(2, pictures=False) is Progress.SILENT
    with pytest.raises(CameraUnreachable, match="stalled"):
        watched.looks(9, pictures=False)


def test_link_that_pauses_is_not_silent_meanwhile_and_nothing_is_due_on_a_disk() -> None:
    watched = Watched(replace(SETTINGS, quiet_s=35.0, stall_s=60))
    watched.looks(10, pictures=True)
    assert watched.looks(35, pictures=False) is Progress.UNDECIDED
    watched.writes = False
    assert watched.looks(1, pictures=True) is Progress.RECORDED


def test_pictures_without_one_to_begin_with_are_waited_for_and_then_given_up() -> None:
    watched = Watched()
    watched.pictures.awaits_random_access = True
    assert watched.looks(330, pictures=True) is Progress.UNDECIDED
    with pytest.raises(CameraUnreachable, match="no random access point"):
        watched.looks(0.5, pictures=True)


def test_pictures_that_reach_no_disk_are_told_until_they_do() -> None:
    watched = Watched()
    watched.looks(10, pictures=True)
    watched.writes = False
    assert watched.looks(4, pictures=True) is Progress.RECORDED
    assert watched.looks(1, pictures=True) is Progress.NOT_WRITTEN
    watched.writes = True
    assert watched.looks(0.5, pictures=True) is Progress.RECORDED


def test_time_in_which_this_machine_stood_still_is_no_silence_of_the_camera() -> None:
    watched = Watched()
    watched.looks(10, pictures=True)
    assert watched.look_after(60 * US_PER_SECOND, pictures=False) is Progress.RECORDED
    assert watched.looks(2, pictures=False) is Progress.SILENT
    with pytest.raises(CameraUnreachable, match="stalled"):
        watched.looks(10, pictures=False)
