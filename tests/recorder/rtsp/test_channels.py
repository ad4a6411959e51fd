"""What comes on which channel of a connection: pictures, reports, sound, another session's packets."""

import pytest

from recorder.errors import CameraUnreachable
from tests.recorder.rtp import Packets, empty_report, frame, goodbye, inter, sender_report
from tests.recorder.rtsp.test_protocol import EXPECTED, Bench, ticks


def test_answers_reports_and_foreign_channels_between_the_packets_take_nothing_away() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.receive(
        bench.pictures(0, 25)
        + frame(1, sender_report(3_999_000_000, 0, 25 * 3600))
        + b"RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n"
        + frame(2, b"\x80sound")
        + b"OPTIONS rtsp://us RTSP/1.0\r\nCSeq: 5\r\n\r\n"
        + b"ANNOUNCE rtsp://us RTSP/1.0\r\nCSeq: 6\r\n\r\n"
        + bench.pictures(25, 25),
        step=7,
    )
    assert bench.stored() == EXPECTED
    assert bench.wire.written[4:] == [
        b"RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n",
        b"RTSP/1.0 501 Not Implemented\r\nCSeq: 6\r\n\r\n",
    ]
    assert bench.session._framing.resyncs == 0


@pytest.mark.parametrize("channel", [1, 2, 77], ids=["that of the reports", "the next pair", "any"])
def test_pictures_on_a_channel_that_was_not_named_are_followed(channel: int) -> None:
    bench = Bench()
    bench.packets.channel = channel
    bench.receive(bench.setup())
    reports = {1: 0}.get(channel, channel ^ 1)
    bench.receive(frame(reports, sender_report(3_999_000_000, 0, 0)) + bench.pictures(0, 25))
    bench.receive(bench.pictures(25, 25) + frame(reports, sender_report(3_999_000_001, 0, 90_000)))
    assert bench.stored() == EXPECTED
    assert sum(record.lost for record in bench.sink.records("cam1")) == 0
    assert bench.sink.records("cam1")[-1].camera_offset_us is not None


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_reports_on_the_channel_of_the_pictures_are_read_and_are_no_loss(step: int) -> None:
    bench = Bench()
    short = frame(0, empty_report()) + frame(0, goodbye())
    first = frame(0, sender_report(3_999_000_000, 0, 0))
    bench.receive(bench.setup() + short + first + bench.pictures(0, 25) + short, step=step)
    bench.receive(bench.pictures(25, 25) + first + short, step=step)
    assert bench.stored() == EXPECTED
    records = bench.sink.records("cam1")
    assert {record.lost for record in records} == {0}
    assert None not in {record.camera_offset_us for record in records}
    assert (bench.session._framing.resyncs, len(bench.runs)) == (0, 1)


async def test_camera_that_says_goodbye_and_falls_silent_is_called_again_at_once() -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures())
    ticks(bench, 0.5)
    bench.receive(frame(1, sender_report(3_999_000_000, 0, 0) + goodbye()))
    ticks(bench, 1)
    assert not bench.wire.closed
    ticks(bench, 0.5)
    with pytest.raises(CameraUnreachable, match=r"closed, what=bye"):
        await bench.session.ended()
    assert bench.stored() == EXPECTED


def test_camera_that_says_goodbye_and_sends_on_is_kept_even_when_it_falls_silent_later() -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures(0, 25))
    ticks(bench, 0.5)
    bench.receive(frame(1, goodbye()))
    bench.packets.ssrc = 8
    bench.receive(bench.pictures(25, 25))
    ticks(bench, 3)
    assert not bench.wire.closed
    assert len(bench.stored()) == len(EXPECTED)


def test_sound_that_nobody_set_up_is_never_followed() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    sound = Packets(channel=2, payload_type=8)
    bench.receive(b"".join(sound.unit(0, [b"sound"] * 9)) + bench.pictures())
    assert bench.stored() == EXPECTED
    assert len(bench.runs) == 1


def test_packets_of_a_session_that_the_camera_never_ended_are_kept_out() -> None:
    bench = Bench()
    old = Packets(ssrc=99)

    def stale(count: int = 3) -> bytes:
        return b"".join(old.unit(7, [inter(50)] * count))

    answers = bench.setup().replace(b"interleaved=0-1", b"interleaved=2-3")
    asked = answers.index(b"RTSP/1.0 200 OK\r\nCSeq: 3")
    bench.receive(stale() + answers[:asked] + stale() + answers[asked:])
    assert b"interleaved=2-3" in bench.wire.written[2]
    bench.packets.channel = 2
    bench.receive(stale() + bench.pictures(0, 25) + stale() + bench.pictures(25, 25))
    assert bench.stored() == EXPECTED
    assert len(bench.runs) == 1


def test_empty_frames_between_the_packets_are_no_loss() -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures(0, 25) + 3 * frame(0, b"") + bench.pictures(25, 25) + frame(0, b""))
    assert bench.stored() == EXPECTED
    assert {record.lost for record in bench.sink.records("cam1")} == {0}
