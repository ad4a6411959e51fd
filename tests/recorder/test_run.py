from collections.abc import Iterable
from itertools import pairwise

import pytest

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import us_from_ticks
from recorder.errors import CameraUnreachable
from recorder.gaps import GapLog
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from recorder.recording import Recording
from recorder.run import MAX_BREAKS, Run
from recorder.server_clock import ServerClock
from storage.buffers import BufferPool
from storage.records import GapCause, RandomAccess, Record
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.rtp import (
    PPS,
    PPS_265,
    SPS,
    SPS_265,
    SPS_LARGE,
    VPS_265,
    Packets,
    fragments,
    idr,
    inter,
    sample,
    slice_265,
)

STEP_90K = 3600
STEP_US = 40_000
DELAY_US = 7_000
SETS_265 = (VPS_265, SPS_265, PPS_265)


class Bench:
    """A run that is fed pictures, one read each, with a clock that moves along."""

    def __init__(self, codec: str = "h264", *, segment_us: int = 3_600_000_000) -> None:
        self.codec = codec
        self.clock, self.sink, self.events = SimClock(), MemorySink(), MemoryEvents()
        self.server = ServerClock(self.clock, self.events, first_epoch=1, is_synchronised=lambda: True)
        entry = CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)
        gaps = GapLog(CameraId("cam1"), self.events)
        self.recording = Recording(entry, self.sink, gaps, segment_us=segment_us, first_segment_us=segment_us)
        kind, sets = (H264Depacketiser, (SPS, PPS)) if codec == "h264" else (H265Depacketiser, SETS_265)
        self.run = Run(
            self.recording,
            self.server,
            lambda sink: kind(sink, BufferPool(), channel=0, payload_type=96, parameter_sets=sets),
        )
        self.held_us = 0
        self.packets = Packets()
        self.began_utc_us = self.clock.utc_us()
        self.clock.advance(DELAY_US)

    def read(self, frames: Iterable[bytes]) -> None:
        buffer = bytearray(b"".join(frames))
        self.run.reading(self.clock.mono_us(), self.held_us)
        with memoryview(buffer) as view:
            assert self.run.depacketiser.walk(buffer, view, 0, len(buffer)) == len(buffer)
        self.run.read()

    def pictures(self, first: int, count: int, *, gop: int = 25, base: int = 1000, late_us: int = 0) -> None:
        """Pictures with these numbers, each arriving DELAY_US after its instant, or later."""
        for index in range(first, first + count):
            due_us = self.began_utc_us + index * STEP_US + DELAY_US + late_us
            if due_us > self.clock.utc_us():
                self.clock.advance(due_us - self.clock.utc_us())
            if self.codec == "h264":
                nal = idr(60) if index % gop == 0 else inter(40)
            else:
                nal = slice_265(19 if index % gop == 0 else 1)
            self.read(self.packets.unit(base + index * STEP_90K, [nal]))

    @property
    def records(self) -> list[Record]:
        return self.sink.records("cam1")


def test_what_our_side_held_back_is_dated_by_when_it_came_and_is_no_silence() -> None:
    bench = Bench()
    bench.held_us = 2_000_000
    bench.pictures(0, 100)
    bench.run.flush()
    starts = [record.start_utc_us - bench.began_utc_us for record in bench.records]
    assert starts == [number * 1_000_000 + DELAY_US - bench.held_us for number in range(4)]
    assert bench.run.last_unit_mono_us == bench.clock.mono_us()


def test_records_are_dated_by_the_instant_of_their_first_picture_plus_the_least_delay() -> None:
    bench = Bench()
    bench.pictures(0, 200)
    bench.run.flush()
    starts = [record.start_utc_us - bench.began_utc_us for record in bench.records]
    assert starts == [index * 1_000_000 + DELAY_US for index in range(8)]
    assert [record.pts_90k for record in bench.records] == [index * 90_000 for index in range(8)]
    assert {record.random_access for record in bench.records} == {RandomAccess.IDR}
    assert bench.records[0].data == bytearray(sample(idr(60)) + sample(inter(40)) * 24)


def test_burst_of_older_pictures_at_the_start_does_not_shift_the_dates() -> None:
    bench = Bench()
    bench.clock.advance(3_000_000 - DELAY_US)
    bench.pictures(0, 200)
    bench.run.flush()
    starts = [record.start_utc_us - bench.began_utc_us for record in bench.records]
    assert starts == [index * 1_000_000 + DELAY_US for index in range(8)]


def test_pictures_before_the_first_random_access_point_are_left_out() -> None:
    bench = Bench()
    bench.pictures(10, 90)
    assert not bench.run.awaits_random_access
    bench.run.flush()
    assert bench.records[0].pts_90k == 0
    assert bench.records[0].start_utc_us == bench.began_utc_us + 25 * STEP_US + DELAY_US
    assert sum(len(record.sizes) for record in bench.records) == 75


def test_pictures_under_a_time_stamp_that_stands_still_are_all_kept() -> None:
    bench = Bench()
    bench.pictures(0, 5)
    for _ in range(4):
        bench.read(bench.packets.unit(1000 + 4 * STEP_90K, [b"\x41" + b"\x99" * 30]))
    bench.pictures(5, 20)
    bench.run.flush()
    (record,) = bench.records
    assert len(record.sizes) == 29
    assert list(record.pts_delta_90k)[4:9] == [4 * STEP_90K] * 5
    assert bench.run.breaks == 0


def test_late_pictures_do_not_move_the_dates() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.pictures(100, 50, late_us=600_000)
    bench.pictures(150, 50)
    bench.run.flush()
    starts = [record.start_utc_us - bench.began_utc_us for record in bench.records]
    assert starts == [index * 1_000_000 + DELAY_US for index in range(8)]
    assert bench.run.breaks == 0


@pytest.mark.parametrize(
    ("leap_90k", "reason"),
    [(-(10**9), "jump"), (90_000 * 3600, "jump"), (90_000 * 30, "ahead"), (-90_000 * 60, "jump")],
)
def test_leap_of_the_time_stamps_begins_a_new_run_without_losing_a_picture(leap_90k: int, reason: str) -> None:
    bench = Bench()
    bench.pictures(0, 110)
    bench.pictures(110, 110, base=1000 + leap_90k)
    bench.run.flush()
    assert (bench.run.breaks, bench.run.last_break) == (1, reason)
    assert bench.sink.frames("cam1") == 220
    before, after = bench.sink.of("cam1")
    assert before.start.run != after.start.run
    assert after.start.continues == before.start.segment
    assert after.records[0].pts_90k == 0
    assert after.records[0].continuation
    assert after.records[0].start_utc_us == bench.began_utc_us + 110 * STEP_US + DELAY_US
    assert bench.events.told == []


def test_other_source_begins_a_new_run() -> None:
    bench = Bench()
    bench.pictures(0, 60)
    bench.packets = Packets(ssrc=99, sequence=3)
    bench.pictures(60, 60, base=77_000_000)
    bench.run.flush()
    assert (bench.run.breaks, bench.run.last_break) == (1, "source")
    assert bench.sink.frames("cam1") == 120
    assert sum(record.lost for record in bench.records) == 0


@pytest.mark.parametrize("stops", range(1, 15))
def test_rotation_between_a_picture_and_those_shown_before_it_breaks_no_timeline(stops: int) -> None:
    bench = Bench("h265")
    order = [(0, 19), (3, 1), (1, 0), (2, 0), (6, 21), (4, 8), (5, 8), (9, 1), (7, 0), (8, 0)]
    order += [(12, 21), (10, 8), (11, 8), (15, 1), (13, 0), (14, 0)]
    for number, (at, kind) in enumerate(order):
        bench.clock.advance(STEP_US)
        bench.read(bench.packets.unit(1000 + at * STEP_90K, [slice_265(kind)]))
        if number == stops:
            bench.run.flush(goes_on=True)
            bench.recording.rotate()
    bench.run.flush()
    assert (bench.run.breaks, bench.sink.frames("cam1")) == (0, len(order))
    before, after = bench.sink.of("cam1")
    begins = [record.pts_90k // STEP_90K for record in (*before.records, *after.records)]
    assert begins == sorted(begins)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_group_of_ten_minutes_is_cut_every_five_and_no_picture_is_lost(codec: str) -> None:
    bench = Bench(codec, segment_us=300_000_000)
    bench.pictures(0, 10 * 60 * 25, gop=1 << 20)
    bench.run.flush()
    bench.recording.rotate()
    first, *others = bench.sink.of("cam1")
    assert [one.start.continues for one in others] == [one.start.segment for one in (first, *others)][:-1]
    assert {one.start.run for one in others} == {first.start.run}
    assert first.start.codec.codec[:4] == {"h264": "avc1", "h265": "hvc1"}[codec]
    kinds = [record.random_access for record in bench.records]
    assert (kinds[0], set(kinds[1:])) == (RandomAccess.IDR, {RandomAccess.NONE})
    assert bench.sink.frames("cam1") == 10 * 60 * 25
    for one in (first, *others):
        assert one.records[-1].start_utc_us + 2_000_000 - one.start.start_utc_us <= 300_000_000
    assert len(others) == 1


def test_time_stamps_that_run_backwards_from_one_group_to_the_next_begin_a_new_run() -> None:
    bench = Bench()
    bench.pictures(0, 25)
    bench.pictures(25, 100, base=1000 - 25 * STEP_90K)
    bench.run.flush()
    assert bench.run.breaks == 1
    for before, after in pairwise(bench.records):
        assert before.start_utc_us < after.start_utc_us


def test_time_stamps_that_step_back_after_a_flush_begin_a_new_run_too() -> None:
    bench = Bench()
    bench.pictures(0, 60)
    bench.run.flush()
    bench.pictures(60, 65, base=1000 - 20 * STEP_90K, gop=1)
    bench.run.flush()
    assert (bench.run.breaks, bench.run.last_break) == (1, "backwards")
    assert bench.sink.frames("cam1") == 125
    for before, after in pairwise(bench.records):
        assert before.start_utc_us < after.start_utc_us


def test_time_stamps_that_walk_back_and_leap_to_where_the_record_began_begin_a_new_run_each() -> None:
    bench = Bench()
    bench.pictures(0, 101)
    for back in (1, 2, 3, 4, 5, 0):
        bench.clock.advance(STEP_US)
        bench.read(bench.packets.unit(1000 + 100 * STEP_90K - 80_000 * back, [inter()]))
    bench.run.flush()
    assert (bench.run.breaks, bench.run.last_break) == (3, "ahead")
    assert bench.sink.frames("cam1") == 107
    _assert_later_and_later(bench)


def test_parameter_sets_that_change_within_a_picture_begin_a_new_run_where_time_steps_back() -> None:
    bench = Bench()
    bench.pictures(0, 101)
    same = 1000 + 100 * STEP_90K
    bench.read(bench.packets.unit(same, [SPS_LARGE, PPS, b"\x65" + b"\x11" * 30]))  # another part of the picture
    bench.read(bench.packets.unit(same - STEP_90K, [inter()]))
    bench.run.flush()
    assert (bench.run.breaks, bench.run.last_break) == (1, "backwards")
    assert bench.sink.frames("cam1") == 102
    _assert_later_and_later(bench)


def test_record_of_the_largest_size_ends_at_a_leading_picture_and_the_next_begins_later() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    for back in (0, 2, 1):  # a group that begins in decoding order with the picture shown last
        nals = [idr(60)] if not back else fragments(inter(5 << 20), 60_000)
        bench.read(bench.packets.unit(1000 + (103 - back) * STEP_90K, nals))
    bench.run.flush()
    assert bench.run.breaks == 0
    assert bench.sink.frames("cam1") == 103
    _assert_later_and_later(bench)


def _assert_later_and_later(bench: Bench) -> None:
    for segment in bench.sink.of("cam1"):
        for before, after in pairwise(segment.records):
            assert before.pts_90k < after.pts_90k
    for before, after in pairwise(bench.records):
        assert before.start_utc_us < after.start_utc_us


def test_second_part_of_a_picture_that_was_flushed_in_between_begins_later() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.read(bench.packets.unit(1000 + 100 * STEP_90K, [idr()]))
    bench.run.flush()
    bench.read(bench.packets.unit(1000 + 100 * STEP_90K, [idr()]))
    bench.run.flush()
    for before, after in pairwise(bench.records):
        assert before.start_utc_us < after.start_utc_us


def test_time_stamps_that_break_all_the_time_end_the_session_and_not_the_disk() -> None:
    bench = Bench()
    for index in range(MAX_BREAKS + 1):
        bench.pictures(index, 1, base=index * 90_000 * 100)
    with pytest.raises(CameraUnreachable, match="time-stamps"):
        bench.pictures(MAX_BREAKS + 1, 1, base=0)
    bench.run.flush()
    assert bench.run.breaks == MAX_BREAKS
    assert len(bench.sink.of("cam1")) == MAX_BREAKS + 1
    assert bench.sink.frames("cam1") == MAX_BREAKS + 1


def test_time_stamps_that_break_now_and_then_end_nothing() -> None:
    bench = Bench()
    for turn in range(2 * MAX_BREAKS):
        bench.pictures(turn * 200, 200, base=turn * 90_000 * 1000)
    assert bench.run.breaks == 2 * MAX_BREAKS - 1


def test_stream_of_another_kind_and_source_on_the_channel_changes_nothing() -> None:
    bench = Bench()
    repair = Packets(ssrc=99, payload_type=97)
    for index in range(100):
        bench.pictures(index, 1)
        bench.read([repair.packet(index, b"repair", marker=True)])
    bench.run.flush()
    assert bench.run.breaks == 0
    assert sum(record.lost for record in bench.records) == 0
    assert bench.sink.frames("cam1") == 100


def test_parameter_sets_that_change_begin_a_segment() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.clock.advance(STEP_US)
    bench.read(bench.packets.unit(1000 + 100 * STEP_90K, [SPS_LARGE, PPS, idr()]))
    bench.run.flush()
    before, after = bench.sink.of("cam1")
    assert (before.start.codec.width, after.start.codec.width) == (320, 1920)
    assert (before.start.run, before.closed) == (after.start.run, True)
    assert before.records[-1].dur_90k == 25 * STEP_90K


@pytest.mark.parametrize(("lost", "cause"), [(0, GapCause.SILENT), (40, GapCause.LOST)])
def test_hole_is_a_gap_with_its_cause(lost: int, cause: GapCause) -> None:
    bench = Bench()
    bench.pictures(0, 110)
    bench.packets.sequence += lost
    bench.pictures(160, 65)
    bench.run.flush()
    gap = bench.events.of("cam1")[0]
    assert (gap.cause, gap.detail) == (cause, "hole")
    assert gap.from_utc_us == bench.began_utc_us + 110 * STEP_US + DELAY_US
    assert gap.to_utc_us == bench.began_utc_us + 160 * STEP_US + DELAY_US
    assert sum(record.lost for record in bench.records) == lost
    assert bench.sink.frames("cam1") == 175
    assert bench.run.breaks == 0


def test_hole_right_after_a_flush_is_a_gap_as_well() -> None:
    bench = Bench()
    bench.pictures(0, 110)
    bench.run.flush()
    bench.packets.sequence += 40
    bench.pictures(160, 65)
    bench.run.flush()
    gap = bench.events.of("cam1")[0]
    assert (gap.cause, gap.detail) == (GapCause.LOST, "hole")
    assert gap.from_utc_us == bench.began_utc_us + 110 * STEP_US + DELAY_US
    assert gap.to_utc_us == bench.began_utc_us + 160 * STEP_US + DELAY_US


@pytest.mark.parametrize("step_us", [3_600_000_000, -3_600_000_000])
def test_step_of_the_servers_clock_begins_an_epoch_with_the_next_record(step_us: int) -> None:
    bench = Bench()
    bench.pictures(0, 110)
    bench.clock.step_utc(step_us)
    bench.began_utc_us = bench.began_utc_us.__class__(bench.began_utc_us + step_us)
    bench.pictures(110, 90)
    bench.run.flush()
    assert [record.clock_epoch for record in bench.records] == [1, 1, 1, 1, 1, 2, 2, 2]
    starts = [record.start_utc_us - bench.began_utc_us for record in bench.records]
    assert starts[:5] == [index * 1_000_000 + DELAY_US - step_us for index in range(5)]
    assert starts[5:] == [index * 1_000_000 + DELAY_US for index in range(5, 8)]
    assert [segment.start.clock_epoch for segment in bench.sink.of("cam1")] == [1, 2]
    assert [gap.cause for gap in bench.events.of("cam1")] == [GapCause.CLOCK]
    assert [step.step_us for step in bench.events.steps] == [step_us]


def test_small_move_of_the_servers_clock_is_slewed() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.clock.step_utc(100_000)
    bench.began_utc_us = bench.began_utc_us.__class__(bench.began_utc_us + 100_000)
    bench.pictures(100, 200)
    bench.run.flush()
    starts = [record.start_utc_us for record in bench.records]
    moved = {after - before for before, after in pairwise(starts)}
    assert moved == {1_000_000, 1_000_500, 1_000_501}
    assert {record.clock_epoch for record in bench.records} == {1}


def test_camera_whose_rate_is_wrong_is_dated_afresh_before_it_is_a_second_off() -> None:
    bench = Bench()
    for index in range(4000):
        bench.clock.advance(STEP_US * 103 // 100)
        bench.read(bench.packets.unit(index * STEP_90K, [idr() if index % 25 == 0 else inter()]))
    bench.run.flush()
    assert bench.run.last_break == "drift"
    assert bench.sink.frames("cam1") == 4000
    last = bench.records[-1]
    end_utc_us = last.start_utc_us + us_from_ticks(last.dur_90k)
    assert abs(end_utc_us - bench.clock.utc_us()) < 2_500_000


def test_camera_clock_offset_comes_from_sender_reports() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.run.sender_report(bench.began_utc_us + 4_000_000 + 5_500_000, 1000 + 100 * STEP_90K)
    bench.pictures(100, 60)
    bench.run.flush()
    assert [record.camera_offset_us for record in bench.records] == [None] * 3 + [5_500_000 - DELAY_US] * 4


def test_camera_clock_before_1970_is_taken_in_the_nearest_era() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    era_us = (1 << 32) * 1_000_000
    bench.run.sender_report(bench.began_utc_us + 4_000_000 - era_us, 1000 + 100 * STEP_90K)
    bench.pictures(100, 60)
    assert bench.records[-1].camera_offset_us == -DELAY_US


def test_report_ahead_of_the_first_picture_counts_from_the_first_record_on() -> None:
    bench = Bench()
    bench.run.sender_report(bench.began_utc_us + 5_500_000, 1000)
    bench.pictures(0, 60)
    bench.run.flush()
    assert {record.camera_offset_us for record in bench.records} == {5_500_000 - DELAY_US}


def test_report_of_another_timeline_is_passed_over() -> None:
    bench = Bench()
    bench.pictures(0, 100)
    bench.run.sender_report(bench.began_utc_us, 1000 + 90_000 * 3600)
    bench.pictures(100, 60)
    assert {record.camera_offset_us for record in bench.records} == {None}


def test_undisciplined_clock_is_flagged_in_each_record() -> None:
    bench = Bench()
    bench.server.synchronised = False
    bench.pictures(0, 100)
    assert {record.unsynchronised for record in bench.records} == {True}


def test_flush_keeps_whole_pictures_and_the_rest_goes_on() -> None:
    bench = Bench()
    bench.pictures(0, 110)
    half = bench.packets.unit(1000 + 110 * STEP_90K, [inter(40), inter(50, 0x33)])
    bench.read(half[:1])
    bench.run.flush()
    assert bench.sink.frames("cam1") == 110
    bench.read(half[1:])
    bench.pictures(111, 10)
    bench.run.flush()
    assert bench.sink.frames("cam1") == 121
    assert bench.records[-1].continuation
    assert bytes(bench.records[-1].data).startswith(sample(inter(40), inter(50, 0x33)))
    assert bench.run.breaks == 0
