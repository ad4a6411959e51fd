from dataclasses import replace

import pytest

from nvr.base.clock import SimClock
from nvr.base.units import US_PER_SECOND, MonoUs
from recorder.depacketiser import UnitSink
from recorder.h264 import H264Depacketiser
from recorder.measuring import Measurement
from recorder.mjpeg import MjpegPictures
from recorder.source import Traits
from storage.buffers import BufferPool
from storage.records import GapCause, RandomAccess
from tests.recorder.rtp import PPS, SPS
from tests.recorder.test_mjpeg import jpeg

TELLS_ALL = Traits(sound=True, counts_lost=True, tells_time=True)
TELLS_NOTHING = Traits(sound=None, counts_lost=False, tells_time=False)
FRAME_90K = 3600
LATE_US = 20_000


def h264(sink: UnitSink) -> H264Depacketiser:
    return H264Depacketiser(sink, BufferPool(), channel=0, payload_type=96, parameter_sets=(SPS, PPS))


def measured(
    clock: SimClock, *, frames: int, every: int = 25, first: int = 1000, traits: Traits = TELLS_ALL
) -> Measurement[H264Depacketiser]:
    """A camera of 25 frames a second, with a random access point `every` so many, 1000 bytes a frame."""
    measurement = Measurement(h264, traits, clock)
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
    measurement = Measurement(h264, TELLS_ALL, clock)
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


def test_report_is_not_waited_for_where_none_can_come() -> None:
    assert measured(SimClock(), frames=101, traits=TELLS_NOTHING).is_enough


def test_what_a_session_can_not_tell_is_not_known_rather_than_none() -> None:
    measurement = measured(SimClock(), frames=3, traits=TELLS_NOTHING)
    measurement.unit(1000 + 3 * FRAME_90K, 1000, RandomAccess.NONE, 2, joins=False)
    result = measurement.result()
    assert result is not None
    assert (result.sound, result.lost, result.clock_offset_us) == (None, None, None)


@pytest.mark.parametrize("sound", [True, False, None])
def test_sound_is_told_as_the_session_knows_it(sound: bool | None) -> None:
    result = measured(SimClock(), frames=3, traits=replace(TELLS_ALL, sound=sound)).result()
    assert result is not None
    assert result.sound is sound


def test_pictures_given_up_on_our_side_lower_no_rate() -> None:
    clock = SimClock()
    measurement = measured(clock, frames=30)
    measurement.missed(GapCause.FELL_BEHIND)
    for index in range(90, 100):
        measurement.unit(1000 + index * FRAME_90K, 1000, RandomAccess.NONE, 0, joins=False)
    result = measurement.result()
    assert result is not None
    assert (result.frames, result.fps_milli) == (10, 25_000)


def test_interval_of_motion_jpeg_is_that_of_its_pictures() -> None:
    measurement = Measurement(lambda sink: MjpegPictures(sink, BufferPool()), TELLS_NOTHING, SimClock())
    for index in range(101):
        measurement.depacketiser.access_unit([memoryview(jpeg(704, 576))], index * FRAME_90K, 0)
    result = measurement.result()
    assert result is not None
    assert (result.codec, result.width, result.height) == ("mp4v.6C", 704, 576)
    assert (result.fps_milli, result.key_interval_ms) == (25_000, 40)


def test_nothing_is_told_of_a_camera_without_pictures() -> None:
    assert Measurement(h264, TELLS_ALL, SimClock()).result() is None
