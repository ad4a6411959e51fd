import json
from array import array
from typing import Any

import pytest

from nvr.base.ids import AuthorisationId, CameraId, PlacementId, PointId, RunId
from nvr.base.units import US_PER_SECOND, Ticks90k, UtcUs
from recorder.gaps import GapLog
from recorder.ptz.observation import Observation
from recorder.ptz.position import Kind, Position
from recorder.recording import Recording
from storage.records import CodecConfig, GapCause, RandomAccess, Record
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink

CODEC = CodecConfig("avc1.42c00c", b"avcc", 320, 180)
OTHER = CodecConfig("avc1.4d401e", b"other", 640, 360)
START = 1_790_000_000 * US_PER_SECOND
IDR, NONE = RandomAccess.IDR, RandomAccess.NONE


class Bench:
    """A recording that is fed records of whole seconds."""

    def __init__(self, segment_s: int = 60, first_s: int | None = None) -> None:
        self.sink, self.events = MemorySink(), MemoryEvents()
        entry = CameraEntry(
            CameraId("cam1"),
            "rtsp://cam1/",
            0,
            point=PointId("p1"),
            placement=PlacementId("pl1"),
            authorisation=AuthorisationId("a1"),
        )
        self.recording = Recording(
            entry,
            self.sink,
            GapLog(CameraId("cam1"), self.events),
            segment_us=segment_s * US_PER_SECOND,
            first_segment_us=(first_s or segment_s) * US_PER_SECOND,
        )

    def feed(
        self,
        second: int,
        kind: RandomAccess = IDR,
        *,
        seconds: int = 1,
        run: str = "run1",
        codec: CodecConfig = CODEC,
        epoch: int = 1,
        lost: int = 0,
    ) -> Record:
        record = Record(
            start_utc_us=UtcUs(START + second * US_PER_SECOND),
            pts_90k=Ticks90k(second * 90_000),
            dur_90k=seconds * 90_000,
            clock_epoch=epoch,
            random_access=kind,
            continuation=kind is NONE,
            lost=lost,
            data=bytearray(b"picture"),
            sizes=array("I", [7]),
            pts_delta_90k=array("i", [0]),
        )
        self.recording.append(record, run=RunId(run), codec=codec)
        return record

    def lengths(self) -> list[int]:
        return [len(segment.records) for segment in self.sink.of("cam1")]

    def gaps(self) -> list[tuple[int, int | None, GapCause]]:
        def second(utc_us: int) -> int:
            return (utc_us - START) // US_PER_SECOND

        return [
            (second(gap.from_utc_us), None if gap.to_utc_us is None else second(gap.to_utc_us), gap.cause)
            for gap in self.events.of("cam1")
        ]


def test_segment_knows_its_camera_and_the_start_of_its_first_record() -> None:
    bench = Bench()
    bench.feed(5)
    start = bench.sink.of("cam1")[0].start
    assert (start.camera, start.point, start.placement, start.authorisation) == ("cam1", "p1", "pl1", "a1")
    assert (start.start_utc_us, start.clock_epoch, start.codec) == (START + 5 * US_PER_SECOND, 1, CODEC)
    assert start.continues is None


def test_segments_keep_their_length_and_end_at_random_access_points() -> None:
    bench = Bench(segment_s=10, first_s=4)
    for second in range(30):
        bench.feed(second)
    assert bench.lengths() == [4, 10, 10, 6]
    assert [segment.closed for segment in bench.sink.of("cam1")] == [True, True, True, False]
    assert bench.events.told == []


def test_group_that_would_pass_the_limit_goes_into_the_next_segment() -> None:
    bench = Bench(segment_s=10)
    for second in range(0, 24, 2):
        bench.feed(second, IDR if second % 4 == 0 else NONE, seconds=2)
    assert bench.lengths() == [4, 4, 4]
    assert all(segment.records[0].random_access is IDR for segment in bench.sink.of("cam1"))


def test_endless_group_is_cut_at_the_limit_and_the_next_segment_says_what_it_continues() -> None:
    bench = Bench(segment_s=10)
    bench.feed(0, seconds=2)
    for second in range(2, 30, 2):
        bench.feed(second, NONE, seconds=2)
    first, second_, third = bench.sink.of("cam1")
    assert bench.lengths() == [5, 5, 5]
    assert (second_.start.continues, third.start.continues) == (first.start.segment, second_.start.segment)


@pytest.mark.parametrize("kind", [IDR, NONE])
@pytest.mark.parametrize("change", [{"run": "run2"}, {"codec": OTHER}, {"epoch": 2}])
def test_change_of_run_codec_or_epoch_begins_a_segment(change: dict[str, Any], kind: RandomAccess) -> None:
    bench = Bench()
    bench.feed(0)
    bench.feed(1, kind, **change)
    before, after = bench.sink.of("cam1")
    assert before.closed
    assert after.start.continues == (before.start.segment if kind is NONE else None)


def test_rotation_on_request_closes_at_once_and_the_group_goes_on() -> None:
    bench = Bench()
    assert bench.recording.rotate() is None
    bench.feed(0)
    closed = bench.recording.rotate()
    bench.feed(1, NONE)
    before, after = bench.sink.of("cam1")
    assert (closed, before.closed) == (before.start.segment, True)
    assert after.start.continues == before.start.segment


def test_full_queue_costs_the_records_up_to_a_random_access_point_and_no_segment() -> None:
    bench = Bench()
    bench.feed(0)
    bench.sink.full = True
    bench.feed(1, NONE)
    bench.feed(2, IDR)
    bench.sink.full = False
    bench.feed(3, NONE)
    bench.feed(4, IDR)
    assert bench.lengths() == [2]
    assert not bench.sink.of("cam1")[0].closed
    assert bench.gaps() == [(1, 4, GapCause.FELL_BEHIND)]
    assert bench.recording.totals.dropped == 3


def test_segment_after_a_full_queue_begins_with_the_first_record_that_it_takes() -> None:
    bench = Bench()
    bench.sink.full = True
    for second in range(60):
        bench.feed(second)
    bench.sink.full = False
    record = bench.feed(60)
    (segment,) = bench.sink.of("cam1")
    assert segment.start.start_utc_us == record.start_utc_us
    assert bench.gaps() == [(0, 60, GapCause.FELL_BEHIND)]


@pytest.mark.parametrize("cause", [GapCause.DISK_LOST, GapCause.FULL])
def test_disk_that_gave_up_is_left_and_the_gap_says_why(cause: GapCause) -> None:
    bench = Bench()
    bench.feed(0)
    bench.sink.lost.add(bench.sink.of("cam1")[0].start.segment)
    bench.sink.cause_of_loss = cause
    bench.feed(1, NONE)
    bench.feed(2)
    assert bench.lengths() == [1, 1]
    assert bench.sink.of("cam1")[0].closed
    assert bench.gaps() == [(1, 2, cause)]
    assert bench.recording.totals.dropped == 1


def test_segment_that_no_disk_takes_gets_no_record_and_the_gap_stays_one() -> None:
    bench = Bench()
    bench.feed(0)
    bench.sink.takes_none = GapCause.FULL
    bench.recording.rotate()
    for second in range(1, 4):
        bench.feed(second)
    bench.sink.takes_none = None
    bench.feed(4)
    assert [length for length in bench.lengths() if length] == [1, 1]
    assert bench.gaps() == [(1, 4, GapCause.FULL)]


def test_disk_that_gave_up_is_not_closed_on_rotation_either() -> None:
    bench = Bench()
    bench.feed(0)
    bench.sink.lost.add(bench.sink.of("cam1")[0].start.segment)
    assert bench.recording.rotate() is None
    bench.feed(1, NONE)
    bench.recording.end(GapCause.STOPPED, UtcUs(START + 3 * US_PER_SECOND), "")
    assert bench.gaps() == [(1, 3, GapCause.DISK_LOST), (3, None, GapCause.STOPPED)]


def test_disk_that_gave_up_while_the_camera_was_silent_takes_no_blame_for_the_silence() -> None:
    bench = Bench()
    bench.feed(0)
    bench.recording.interrupt(GapCause.SILENT, UtcUs(START + 2 * US_PER_SECOND), "closed")
    bench.sink.lost.add(bench.sink.of("cam1")[0].start.segment)
    bench.feed(30, NONE)
    bench.feed(32)
    assert bench.gaps() == [(1, 30, GapCause.SILENT), (30, 32, GapCause.DISK_LOST)]


def test_rotation_in_a_silence_leaves_a_lost_disk_for_the_next_record_to_tell() -> None:
    bench = Bench()
    bench.feed(0)
    bench.recording.interrupt(GapCause.SILENT, UtcUs(START + 2 * US_PER_SECOND), "closed")
    bench.sink.lost.add(bench.sink.of("cam1")[0].start.segment)
    assert bench.recording.rotate() is None
    bench.feed(30)
    assert bench.gaps() == [(1, 30, GapCause.SILENT)]


@pytest.mark.parametrize(
    ("second", "gap"), [(3600, (1, 3600, GapCause.CLOCK)), (-3600, (-3600, -3600, GapCause.CLOCK))]
)
def test_new_clock_epoch_is_a_gap_as_long_as_utc_leapt_forward(second: int, gap: tuple[int, int, GapCause]) -> None:
    bench = Bench()
    bench.feed(0)
    bench.feed(second, NONE, epoch=2)
    assert bench.gaps() == [gap]


def test_interruption_begins_where_the_last_record_ends() -> None:
    bench = Bench()
    bench.recording.interrupt(GapCause.SILENT, UtcUs(START - 9 * US_PER_SECOND), "starting")
    bench.feed(0)
    bench.recording.interrupt(GapCause.SILENT, UtcUs(START + 5 * US_PER_SECOND), "closed")
    bench.recording.require_random_access()
    bench.feed(8, NONE)
    bench.feed(9)
    assert bench.gaps() == [(-9, 0, GapCause.SILENT), (1, 9, GapCause.SILENT)]


def test_stop_in_the_middle_of_a_gap_begins_its_own() -> None:
    bench = Bench()
    bench.feed(0)
    bench.recording.interrupt(GapCause.SILENT, UtcUs(START + 2 * US_PER_SECOND), "closed")
    bench.recording.end(GapCause.STOPPED, UtcUs(START + 7 * US_PER_SECOND), "")
    assert bench.gaps() == [(1, 7, GapCause.SILENT), (7, None, GapCause.STOPPED)]
    assert bench.sink.of("cam1")[0].closed


def test_totals_count_what_storage_took_and_every_loss() -> None:
    bench = Bench()
    bench.feed(0, lost=2)
    bench.sink.full = True
    bench.feed(1, lost=3)
    totals = bench.recording.totals
    assert (totals.records, totals.frames, totals.payload_bytes, totals.lost, totals.dropped) == (1, 1, 7, 5, 1)


def test_overlap_counts_within_one_epoch_only() -> None:
    bench = Bench()
    assert bench.recording.overlap_us(UtcUs(START), 1) == 0
    bench.feed(0)
    assert bench.recording.overlap_us(UtcUs(START + 900_000), 1) == 100_000
    assert bench.recording.overlap_us(UtcUs(START + 900_000), 2) == 0


def _observe(bench: Bench, *seconds: int) -> None:
    for second in seconds:
        position = Position(Kind.DEGREES, 1000 * second, 0, 0)
        bench.recording.observations.add(Observation(UtcUs(START + second * US_PER_SECOND), position, None))


def _seconds(record: Record) -> list[int]:
    return [each["pan_mdeg"] // 1000 for each in json.loads(record.observations or b"[]")]


def test_records_carry_what_was_observed_during_them_across_segments() -> None:
    bench = Bench(segment_s=2)
    _observe(bench, 0, 1, 3, 9)
    for second in range(5):
        bench.feed(second)
    records = bench.sink.records("cam1")
    assert [_seconds(record) for record in records] == [[0], [1], [], [3], []]
    assert (bench.recording.observations.sealed, bench.recording.observations.dropped) == (3, 0)


def test_observations_of_a_record_that_storage_refuses_are_counted() -> None:
    bench = Bench()
    bench.feed(0)
    _observe(bench, 1, 2)
    bench.sink.full = True
    bench.feed(1, seconds=2)
    bench.sink.full = False
    bench.feed(3)
    assert [_seconds(record) for record in bench.sink.records("cam1")] == [[], []]
    assert (bench.recording.observations.sealed, bench.recording.observations.dropped) == (0, 2)
