from array import array

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import Ticks90k, UtcUs
from recorder.dating import Dater
from recorder.gaps import GapLog
from recorder.recording import Recording
from recorder.server_clock import ServerClock
from recorder.timeline import SETTLE_US
from storage.records import CodecConfig, RandomAccess, Record
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink

CODEC = CodecConfig("avc1.42c00c", b"avcc", 320, 180)


class Bench:
    def __init__(self) -> None:
        self.clock, self.sink = SimClock(), MemorySink()
        events = MemoryEvents()
        self.server = ServerClock(self.clock, events, first_epoch=1, is_synchronised=lambda: True)
        entry = CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)
        gaps = GapLog(CameraId("cam1"), events)
        self.recording = Recording(entry, self.sink, gaps, segment_us=10**12, first_segment_us=10**12)

    def dater(self) -> Dater:
        return Dater(self.recording, self.server, began_mono_us=self.clock.mono_us())


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
