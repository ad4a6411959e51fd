from nvr.base.clock import SimClock
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.measuring import Measurement
from recorder.rtsp.client import Channels
from recorder.rtsp.sdp import VideoTrack
from storage.records import RandomAccess
from tests.recorder.rtp import PPS, SPS

TRACK = VideoTrack("H264", 96, "rtsp://h/1", "rtsp://h/", (SPS, PPS), sound_offered=True)
FRAME_90K = 3600
LATE_US = 20_000


def measured(clock: SimClock, *, frames: int, every: int = 25, first: int = 1000) -> Measurement:
    """A camera of 25 frames a second, with a random access point `every` so many, 1000 bytes a frame."""
    measurement = Measurement(TRACK, Channels(rtp=0, rtcp=1), clock)
    for index in range(frames):
        # Every other frame is late by the same delay: the least delay counts.
        measurement.reading(MonoUs(clock.mono_us() + LATE_US * (index % 2)))
        access = RandomAccess.IDR if index % every == 0 else RandomAccess.NONE
        measurement.unit(first + index * FRAME_90K, 1000, access, 0, joins=False)
        measurement.read()
        clock.advance(US_PER_SECOND // 25)
    return measurement


def test_rate_interval_and_bitrate_are_those_of_the_media_time() -> None:
    result = measured(SimClock(), frames=101).result()
    assert result is not None
    assert (result.codec[:4], result.frames, result.media_ms) == ("avc1", 101, 4000)
    assert (result.fps_milli, result.key_interval_ms, result.bitrate_bps) == (25_000, 1000, 200_000)
    assert (result.sound, result.lost, result.clock_offset_us) == (True, 0, None)


def test_camera_clock_is_compared_by_the_least_delay() -> None:
    clock = SimClock()
    began_us = clock.utc_us()
    measurement = measured(clock, frames=50)
    measurement.sender_report(began_us + 42 * US_PER_SECOND, 1000)
    result = measurement.result()
    assert result is not None
    assert result.clock_offset_us is not None
    assert abs(result.clock_offset_us - 42 * US_PER_SECOND) < 1000


def test_report_ahead_of_the_first_picture_counts() -> None:
    clock = SimClock()
    measurement = Measurement(TRACK, Channels(rtp=0, rtcp=1), clock)
    measurement.sender_report(clock.utc_us() - 5 * US_PER_SECOND, 1000)
    for index in range(2):
        measurement.reading(MonoUs(clock.mono_us()))
        measurement.unit(1000 + index * FRAME_90K, 10, RandomAccess.IDR, 0, joins=False)
        clock.advance(US_PER_SECOND // 25)
    result = measurement.result()
    assert result is not None
    assert result.clock_offset_us is not None
    assert abs(result.clock_offset_us + 5 * US_PER_SECOND) < 1000


def test_one_key_frame_tells_no_interval() -> None:
    result = measured(SimClock(), frames=20).result()
    assert result is not None
    assert result.key_interval_ms is None


def test_jump_of_time_stamps_begins_the_measure_anew() -> None:
    clock = SimClock()
    measurement = measured(clock, frames=10)
    measurement.unit(2**31, 1000, RandomAccess.IDR, 3, joins=False)
    assert measurement.result() is None
    measurement.unit(2**31 + FRAME_90K, 1000, RandomAccess.NONE, 0, joins=False)
    result = measurement.result()
    assert result is not None
    assert (result.frames, result.fps_milli, result.lost) == (2, 25_000, 3)


def test_bytes_that_join_a_picture_are_no_picture() -> None:
    measurement = measured(SimClock(), frames=2)
    measurement.unit(1000 + FRAME_90K, 500, RandomAccess.NONE, 0, joins=True)
    result = measurement.result()
    assert result is not None
    assert result.frames == 2


def test_enough_is_some_seconds_two_intervals_and_a_report() -> None:
    clock = SimClock()
    short, long = measured(clock, frames=60), measured(clock, frames=101)
    assert not long.is_enough
    long.sender_report(clock.utc_us(), 1000)
    short.sender_report(clock.utc_us(), 1000)
    assert (short.is_enough, long.is_enough) == (False, True)


def test_nothing_is_told_of_a_camera_without_pictures() -> None:
    assert Measurement(TRACK, Channels(rtp=0, rtcp=1), SimClock()).result() is None
