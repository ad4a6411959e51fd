import struct

from hypothesis import given
from hypothesis import strategies as st

from recorder.rtsp.rtcp import is_control, receiver_report, says_goodbye, sender_report
from tests.recorder.rtp import Packets, empty_report, goodbye, idr
from tests.recorder.rtp import sender_report as report

_NTP = 2_208_988_800


def _read(packet: bytes) -> tuple[int, int] | None:
    buffer = bytearray(b"head" + packet + b"tail")
    return sender_report(buffer, 4, 4 + len(packet))


def test_report_gives_unix_microseconds_and_the_time_stamp() -> None:
    assert _read(report(_NTP + 1_800_000_000, 1 << 31, 12_345)) == (1_800_000_000_500_000, 12_345)


def test_report_is_found_behind_other_packets() -> None:
    description = struct.pack(">BBHII", 0x81, 202, 2, 7, 0)
    assert _read(description + report(_NTP + 5, 0, 1)) == (5_000_000, 1)


def test_camera_without_a_clock_says_nothing() -> None:
    assert _read(report(0, 99, 12_345)) is None


def test_cut_or_foreign_packet_says_nothing() -> None:
    whole = report(_NTP + 5, 0, 1)
    assert _read(whole[:-1]) is None
    assert _read(b"\x40" + whole[1:]) is None
    assert _read(b"") is None


def _leaves(packet: bytes) -> bool:
    return says_goodbye(bytearray(b"head" + packet + goodbye()), 4, 4 + len(packet))


def test_goodbye_is_found_alone_and_behind_a_report_and_never_behind_the_end() -> None:
    whole = report(_NTP + 5, 0, 1)
    assert _leaves(goodbye())
    assert _leaves(whole + goodbye())
    assert not _leaves(whole)
    assert not _leaves(b"")
    assert not _leaves(goodbye()[:-1])


def test_control_packet_is_told_from_one_of_pictures_by_its_second_byte() -> None:
    for packet in (report(0, 0, 0), empty_report(), goodbye()):
        assert is_control(bytearray(packet), 0, len(packet), 96)
        assert not is_control(bytearray(packet), 0, 3, 96)
    for marker in (False, True):
        pictures = bytearray(Packets(payload_type=96).packet(0, idr(), marker=marker))
        assert not is_control(pictures, 4, len(pictures), 96)


def test_our_own_report_is_one_whole_frame_of_a_control_packet() -> None:
    sent = bytearray(receiver_report(3, 0x01020304))
    assert sent == b"$\x03\x00\x08" + empty_report(0x01020304)
    assert is_control(sent, 4, len(sent), 96)


def test_payload_type_that_looks_like_a_control_packet_is_taken_as_pictures() -> None:
    pictures = bytearray(Packets(payload_type=72).packet(0, idr(), marker=True))
    assert is_control(pictures, 4, len(pictures), 96)
    assert not is_control(pictures, 4, len(pictures), 72)


@given(st.binary(max_size=80))
def test_any_bytes_raise_nothing(noise: bytes) -> None:
    _read(noise)
    _read(struct.pack(">BBH", 0x80, 200, len(noise) // 4) + noise)
    _leaves(noise)
