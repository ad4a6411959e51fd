import pytest
from aiortc.codecs.h264 import h264_depayload
from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from nvr.sim.encoder import AccessUnit, ParameterSets
from nvr.sim.rtp import (
    MAX_PAYLOAD_BYTES,
    RtpFrame,
    ntp_time,
    packetise,
    sender_report,
    stamp,
    without_first_packets,
)

SETS = ParameterSets(sps=bytes.fromhex("6742c01e"), pps=bytes.fromhex("68ce3c80"))
START_CODE = b"\0\0\0\1"

nals = st.builds(
    lambda kind, size: bytes([0x60 | kind]) + bytes(index & 0xFF for index in range(size)),
    st.sampled_from([1, 5, 6]),
    st.one_of(st.integers(1, 20), st.integers(MAX_PAYLOAD_BYTES - 3, 5 * MAX_PAYLOAD_BYTES)),
)


def _packets(data: bytes | bytearray) -> list[tuple[int, RtpPacket]]:
    found = []
    while data:
        assert data[:1] == b"$"
        length = int.from_bytes(data[2:4], "big")
        assert length <= MAX_PAYLOAD_BYTES + 12
        found.append((data[1], RtpPacket.parse(bytes(data[4 : 4 + length]))))
        data = data[4 + length :]
    return found


def _frame(sizes: list[int]) -> RtpFrame:
    return packetise(AccessUnit(nals=tuple(b"\x61" + bytes(size - 1) for size in sizes), pts_90k=0))


@given(
    st.lists(nals, min_size=1, max_size=4),
    st.integers(0, 0xFFFF),
    st.integers(-(2**33), 2**33),
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
)
def test_stranger_puts_the_nal_units_together_again(
    units: list[bytes], sequence: int, timestamp: int, ssrc: int, channel: int
) -> None:
    frame = packetise(AccessUnit(nals=tuple(units), pts_90k=0))
    data = stamp(frame, channel=channel, first_sequence=sequence, timestamp=timestamp, ssrc=ssrc)
    packets = _packets(data)
    assert b"".join(h264_depayload(packet.payload) for _, packet in packets) == b"".join(
        START_CODE + nal for nal in units
    )
    assert {(number, packet.timestamp, packet.ssrc) for number, packet in packets} == {
        (channel, timestamp % 2**32, ssrc)
    }
    assert [packet.sequence_number for _, packet in packets] == [
        (sequence + index) % 2**16 for index in range(len(packets))
    ]
    assert [packet.marker for _, packet in packets] == [0] * (len(packets) - 1) + [1]
    assert frame.payload_bytes == sum(len(packet.payload) for _, packet in packets)


@pytest.mark.parametrize(("aggregate", "packets"), [(False, 3), (True, 2)])
def test_parameter_sets_go_before_the_picture(*, aggregate: bool, packets: int) -> None:
    frame = packetise(AccessUnit(nals=(b"\x65picture",), pts_90k=0), SETS, aggregate=aggregate)
    assert frame.key
    found = _packets(bytearray(frame.template))
    assert len(found) == packets
    assert b"".join(h264_depayload(packet.payload) for _, packet in found) == b"".join(
        START_CODE + nal for nal in (SETS.sps, SETS.pps, b"\x65picture")
    )


def _joined_265(payloads: list[bytes]) -> list[bytes]:
    """NAL units by RFC 7798 section 4.4, put together by the letter."""
    nals: list[bytes] = []
    for payload in payloads:
        match payload[0] >> 1:
            case 48:
                at = 2
                while at < len(payload):
                    size = int.from_bytes(payload[at : at + 2], "big")
                    nals.append(payload[at + 2 : at + 2 + size])
                    at += 2 + size
            case 49 if payload[2] & 0x80:
                nals.append(bytes((payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1])) + payload[3:])
            case 49:
                nals[-1] += payload[3:]
            case _:
                nals.append(payload)
    return nals


@given(st.lists(st.integers(3, 5000), min_size=1, max_size=4), st.booleans())
def test_h265_units_are_put_together_again(sizes: list[int], aggregate: bool) -> None:
    sets = ParameterSets(vps=b"\x40\x01v", sps=b"\x42\x01s", pps=b"\x44\x01p")
    nals = tuple(b"\x26\x01" + bytes(size - 2) for size in sizes)
    frame = packetise(AccessUnit(nals, 0, "h265"), sets, aggregate=aggregate)
    assert frame.key
    payloads = [packet.payload for _, packet in _packets(bytearray(frame.template))]
    assert _joined_265(payloads) == [*sets.nals, *nals]
    assert len([payload for payload in payloads if payload[0] >> 1 == 48]) == aggregate
    assert max(map(len, payloads)) <= 1400


def test_stamping_leaves_the_template_for_the_next_client() -> None:
    frame = _frame([3000])
    before = bytes(frame.template)
    stamp(frame, channel=2, first_sequence=7, timestamp=9, ssrc=11)
    assert frame.template == before


@pytest.mark.parametrize(("lost", "left"), [(0, [5, 6, 7]), (1, [6, 7]), (3, []), (9, [])])
def test_lost_packets_leave_a_hole_in_the_sequence_numbers(lost: int, left: list[int]) -> None:
    frame = _frame([10, 20, 30])
    data = stamp(frame, channel=0, first_sequence=5, timestamp=0, ssrc=0)
    assert [packet.sequence_number for _, packet in _packets(without_first_packets(data, frame, lost))] == left


def test_stranger_reads_the_sender_report() -> None:
    data = sender_report(
        channel=3, ssrc=77, ntp_utc_us=1_500_000, timestamp=2**32 + 5, packets=2**32 + 6, payload_bytes=7
    )
    assert (data[:1], data[1], int.from_bytes(data[2:4], "big")) == (b"$", 3, len(data) - 4)
    report, description = RtcpPacket.parse(data[4:])
    assert isinstance(report, RtcpSrPacket)
    assert isinstance(description, RtcpSdesPacket)
    assert report.ssrc == description.chunks[0].ssrc == 77
    sender = report.sender_info
    assert (sender.rtp_timestamp, sender.packet_count, sender.octet_count) == (5, 6, 7)
    assert sender.ntp_timestamp == (2_208_988_801 << 32) + 2**31


@given(st.integers(0, 2_085_978_495_999_999))
def test_ntp_time_tells_microseconds_apart_in_its_first_era(utc_us: int) -> None:
    ntp = ntp_time(utc_us)
    seconds = (ntp >> 32) - 2_208_988_800
    us = -(-(ntp & 0xFFFF_FFFF) * 1_000_000 // 2**32)
    assert seconds * 1_000_000 + us == utc_us
