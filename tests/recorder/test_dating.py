from array import array
from collections.abc import Callable

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, Ticks90k, UtcUs, us_from_ticks
from nvr.sim.radio import Radio, RadioLink
from recorder.dating import Dater
from recorder.gaps import GapLog
from recorder.patience import SLOW_WINDOW_S
from recorder.recording import Recording
from recorder.server_clock import ServerClock
from recorder.timeline import MAX_SLEW_PPM, SETTLE_US, WINDOW_US
from storage.records import CodecConfig, RandomAccess, Record
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink

CODEC = CodecConfig("avc1.42c00c", b"avcc", 320, 180)


class Bench:
    def __init__(self, *, window_us: int = WINDOW_US) -> None:
        self.window_us = window_us
        self.clock, self.sink = SimClock(), MemorySink()
        events = MemoryEvents()
        self.server = ServerClock(self.clock, events, first_epoch=1, is_synchronised=lambda: True)
        entry = CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)
        gaps = GapLog(CameraId("cam1"), events)
        self.recording = Recording(entry, self.sink, gaps, segment_us=10**12, first_segment_us=10**12)

    def dater(self) -> Dater:
        return Dater(self.recording, self.server, began_mono_us=self.clock.mono_us(), window_us=self.window_us)

    def errors_us(self, seconds: int, delay_us: Callable[[int], int], *, ppm: int = 0) -> list[int]:
        """Wall time less capture of each of 25 pictures a second, one read and one delay each, records of a second.

        `delay_us` takes the picture's number; the camera's crystal is `ppm` faster than the server's.
        """
        began_utc_us, began_mono_us = self.clock.utc_us(), self.clock.mono_us()
        self.used = dater = self.dater()
        for number in range(seconds * 25):
            due_us = began_mono_us + number * 40_000 + delay_us(number)
            self.clock.advance(max(0, due_us - self.clock.mono_us()))
            if number and number % 25 == 0:
                dater.add(_second(number // 25 - 1, ppm), CODEC, None)
            dater.observe(self.clock.mono_us(), _media_90k(number, ppm))
        dater.add(_second(seconds - 1, ppm), CODEC, None)
        return [
            record.start_utc_us + us_from_ticks(delta_90k) - began_utc_us - (second * 25 + at) * 40_000
            for second, record in enumerate(self.sink.records("cam1"))
            for at, delta_90k in enumerate(record.pts_delta_90k)
        ]


def _media_90k(number: int, ppm: int) -> int:
    return number * 3600 * (1_000_000 + ppm) // 1_000_000


def _second(second: int, ppm: int) -> Record:
    """A record of 25 pictures; its first one lies at the beginning of this second of the camera's clock."""
    first_90k = _media_90k(second * 25, ppm)
    return Record(
        start_utc_us=UtcUs(0),
        pts_90k=Ticks90k(first_90k),
        dur_90k=_media_90k(second * 25 + 25, ppm) - first_90k,
        clock_epoch=0,
        random_access=RandomAccess.IDR,
        data=bytearray(25),
        sizes=array("I", [1] * 25),
        pts_delta_90k=array("i", [_media_90k(second * 25 + at, ppm) - first_90k for at in range(25)]),
    )


def _record(second: int, size: int = 1) -> Record:
    return Record(
        start_utc_us=UtcUs(0),
        pts_90k=Ticks90k(second * 90_000),
        dur_90k=90_000,
        clock_epoch=0,
        random_access=RandomAccess.IDR,
        data=bytearray(size),
        sizes=array("I", [size]),
        pts_delta_90k=array("i", [0]),
    )


DELAY_US = 7_000
ROUNDING_US = 13
"""A tick of 11.1 us, rounded twice."""


def test_every_picture_of_a_steady_line_is_late_by_the_delay_exactly() -> None:
    assert set(Bench().errors_us(200, lambda _: DELAY_US)) == {DELAY_US}


def test_pictures_held_up_on_the_way_are_dated_like_the_least_delayed_one() -> None:
    def delay_us(number: int) -> int:
        return DELAY_US + (0 if number % 40 == 0 else number * 7919 % 35_000)

    assert set(Bench().errors_us(200, delay_us)) == {DELAY_US}


@pytest.mark.parametrize(
    ("ppm", "before_us"),
    [
        # A fast crystal: delays fall and the newest counts; the first pictures are as old as the settling.
        (100, 200),
        (500, 1_000),
        # A slow one: delays grow and the oldest counts: it is a window and two records from a record's last picture.
        (-100, 6_200),
        (-500, 31_000),
    ],
)
def test_crystal_that_is_off_moves_dates_by_no_more_than_its_drift_in_the_window(ppm: int, before_us: int) -> None:
    errors = Bench().errors_us(600, lambda _: DELAY_US, ppm=ppm)
    assert len(errors) == 600 * 25
    assert DELAY_US - before_us - ROUNDING_US <= min(errors) <= DELAY_US - before_us + 40
    assert max(errors) <= DELAY_US + ROUNDING_US


def _slewed_us(seconds: int) -> int:
    """How far the clock may have moved after so many seconds of the camera."""
    return seconds * US_PER_SECOND * MAX_SLEW_PPM // (1_000_000 - MAX_SLEW_PPM)


def test_crystal_of_the_worst_kind_is_followed_for_hours_without_falling_behind() -> None:
    errors = Bench().errors_us(4 * 3600, lambda _: DELAY_US, ppm=-500)
    hours = [errors[at : at + 3600 * 25] for at in range(0, len(errors), 3600 * 25)]
    assert max(min(hour) for hour in hours[1:]) - min(min(hour) for hour in hours[1:]) <= 2 * ROUNDING_US


def test_route_that_became_slower_is_followed_once_the_window_has_forgotten_the_faster_one() -> None:
    errors = Bench().errors_us(200, lambda number: DELAY_US + (20_000 if number >= 25 * 30 else 0))
    starts = errors[::25]
    assert starts[:89] == [DELAY_US] * 89
    assert starts[89:128] == [pytest.approx(DELAY_US + _slewed_us(second), abs=1) for second in range(1, 40)]
    assert set(starts[129:]) == {DELAY_US + 20_000}


def test_route_that_became_faster_is_followed_at_once() -> None:
    errors = Bench().errors_us(200, lambda number: DELAY_US + (20_000 if number < 25 * 30 else 0))
    starts = errors[::25]
    assert starts[:30] == [DELAY_US + 20_000] * 30
    assert starts[30:69] == [pytest.approx(DELAY_US + 20_000 - _slewed_us(second), abs=1) for second in range(1, 40)]
    assert set(starts[70:]) == {DELAY_US}


def test_first_records_wait_until_the_delay_was_watched() -> None:
    bench = Bench()
    dater = bench.dater()
    began_us = bench.clock.mono_us()
    dater.add(_record(0), CODEC, None)
    dater.observe(began_us + SETTLE_US - 1, 0)
    assert bench.sink.records("cam1") == []
    dater.observe(began_us + SETTLE_US, 0)
    assert len(bench.sink.records("cam1")) == 1


def test_first_records_do_not_wait_beyond_what_memory_allows() -> None:
    bench = Bench()
    dater = bench.dater()
    dater.add(_record(0, size=17 << 20), CODEC, None)
    dater.observe(bench.clock.mono_us(), 0)
    assert len(bench.sink.records("cam1")) == 1


def test_record_without_any_observed_delay_is_dated_by_the_start_of_the_run() -> None:
    bench = Bench()
    dater = bench.dater()
    dater.add(_record(0), CODEC, None)
    dater.date_all()
    assert bench.sink.records("cam1")[0].start_utc_us == bench.clock.utc_us()


def test_small_overlap_with_the_run_before_is_an_error_of_the_estimate() -> None:
    bench = Bench()
    first = bench.dater()
    first.add(_record(0), CODEC, None)
    first.date_all()
    bench.clock.advance(900_000)
    second = bench.dater()
    second.add(_record(0), CODEC, None)
    second.date_all()
    before, after = bench.sink.records("cam1")
    assert after.start_utc_us - before.start_utc_us == 1_000_000


def test_large_overlap_is_what_the_camera_had_buffered_and_stays() -> None:
    bench = Bench()
    first = bench.dater()
    first.add(_record(0), CODEC, None)
    first.date_all()
    second = bench.dater()
    second.add(_record(0), CODEC, None)
    second.date_all()
    before, after = bench.sink.records("cam1")
    assert after.start_utc_us == before.start_utc_us


def test_delay_that_no_picture_can_have_is_ahead() -> None:
    bench = Bench()
    dater = bench.dater()
    assert not dater.is_ahead(-(10**9), 0)
    dater.observe(1_000_000, 90_000)
    assert dater.is_ahead(-1_000_001, 1_000_000)
    assert not dater.is_ahead(-1_000_000, 1_000_000)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_pictures_by_radio_are_late_by_the_way_they_took_and_never_by_a_pause_of_it(ppm: int, seed: int) -> None:
    """300 kbit/s, half used; 300 ms one way, jitter, loss, and every two minutes a pause of up to 30 s."""
    link, bench = RadioLink(Radio(), seed=seed), Bench(window_us=SLOW_WINDOW_S * US_PER_SECOND)

    def delay_us(number: int) -> int:
        sent_us = number * 40_000
        return link.arrival_us(sent_us, 3000 if number % 25 == 0 else 650) - sent_us

    errors_us = bench.errors_us(1200, delay_us, ppm=ppm)
    assert link.pauses >= 5
    assert not bench.used.broken
    assert min(errors_us) > 200_000
    assert max(errors_us) < 500_000
