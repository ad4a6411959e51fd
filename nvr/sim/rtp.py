"""RTP for H.264 and H.265, interleaved in RTSP: packets as templates, written once and stamped for each client."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nvr.base.units import US_PER_SECOND
from nvr.sim.camera import Codec
from nvr.sim.encoder import AccessUnit, ParameterSets, nal_type

PAYLOAD_TYPE_VIDEO: Final = 96
PAYLOAD_TYPE_PCMU: Final = 0
MAX_PAYLOAD_BYTES: Final = 1400
"""Payload of one RTP packet: an Ethernet frame of 1500 bytes less IP, TCP or UDP, and RTP headers, rounded down."""

_STAP_A: Final = 24
_FU_A: Final = 28
"""RFC 6184 table 1."""
_AP_265: Final = 48
_FU_265: Final = 49
"""RFC 7798 section 4.4."""

_FU_START: Final = 0x80
_FU_END: Final = 0x40
_MARKER: Final = 0x80
_VERSION_2: Final = 0x80

_FRAME_AND_RTP: Final = struct.Struct(">cBHBBHII")
"""RFC 2326 section 10.12 ('$', channel, length), then RFC 3550 section 5.1 (V P X CC, M PT, sequence, time, SSRC)."""

FRAME_HEADER_BYTES: Final = 4
RTP_HEADER_BYTES: Final = 12
_CHANNEL_AT: Final = 1
_SEQUENCE_AT: Final = 6
_STAMP: Final = struct.Struct(">HII")

_NTP_EPOCH_S: Final = 2_208_988_800
"""From 1900 to 1970 (RFC 868)."""

_SENDER_REPORT: Final = 200
_SOURCE_DESCRIPTION: Final = 202
_CNAME: Final = b"sim"


@dataclass(frozen=True, slots=True)
class RtpFrame:
    """All packets of one frame, interleaved, in one bytes object; `offsets` says where each packet begins.

    Channel, sequence number, timestamp and SSRC are zero: `stamp` writes them into a copy.
    """

    template: bytes
    offsets: tuple[int, ...]
    pts_90k: int
    key: bool

    @property
    def payload_bytes(self) -> int:
        """Octets as a sender report counts them (RFC 3550 section 6.4.1): payload without headers."""
        return len(self.template) - len(self.offsets) * (FRAME_HEADER_BYTES + RTP_HEADER_BYTES)


def packetise(unit: AccessUnit, parameter_sets: ParameterSets | None = None, *, aggregate: bool = False) -> RtpFrame:
    """The packets of one access unit, the marker on the last (RFC 6184 section 5, RFC 7798 section 4).

    Parameter sets, when given, go before the picture: each in a packet of its own, or all in one.
    """
    sets = () if parameter_sets is None else parameter_sets.nals
    payloads = [_aggregate(sets, unit.codec)] if aggregate and sets else list(sets)
    for nal in unit.nals:
        payloads.extend(_fragments(nal, unit.codec))
    return frame_of(payloads, payload_type=PAYLOAD_TYPE_VIDEO, pts_90k=unit.pts_90k, key=unit.key)


def frame_of(payloads: list[bytes], *, payload_type: int, pts_90k: int, key: bool) -> RtpFrame:
    """One template around these payloads, the marker on the last."""
    packets: list[bytes] = []
    offsets = []
    offset = 0
    for index, payload in enumerate(payloads, start=1):
        marker = _MARKER if index == len(payloads) else 0
        header = _FRAME_AND_RTP.pack(
            b"$", 0, RTP_HEADER_BYTES + len(payload), _VERSION_2, marker | payload_type, 0, 0, 0
        )
        packets += (header, payload)
        offsets.append(offset)
        offset += len(header) + len(payload)
    return RtpFrame(template=b"".join(packets), offsets=tuple(offsets), pts_90k=pts_90k, key=key)


def stamp(frame: RtpFrame, *, channel: int, first_sequence: int, timestamp: int, ssrc: int) -> bytearray:
    """A copy of the frame's packets for one client; `timestamp` is taken modulo 2**32, sequence modulo 2**16."""
    data = bytearray(frame.template)
    timestamp &= 0xFFFF_FFFF
    sequence = first_sequence
    write = _STAMP.pack_into
    for offset in frame.offsets:
        data[offset + _CHANNEL_AT] = channel
        write(data, offset + _SEQUENCE_AT, sequence & 0xFFFF, timestamp, ssrc)
        sequence += 1
    return data


def without_first_packets(data: bytearray, frame: RtpFrame, count: int) -> bytearray:
    """Stamped packets of a frame with the first `count` lost on the way."""
    return data[frame.offsets[count] :] if count < len(frame.offsets) else bytearray()


def ntp_time(utc_us: int) -> int:
    """The 64-bit NTP timestamp of an instant (RFC 3550 section 4)."""
    seconds, us = divmod(utc_us, US_PER_SECOND)
    return (seconds + _NTP_EPOCH_S & 0xFFFF_FFFF) << 32 | (us << 32) // US_PER_SECOND


def sender_report(
    *, channel: int, ssrc: int, ntp_utc_us: int, timestamp: int, packets: int, payload_bytes: int
) -> bytes:
    """An interleaved compound packet: sender report and CNAME (RFC 3550 sections 6.4.1 and 6.5)."""
    report = struct.pack(
        ">BBHIQIII",
        _VERSION_2,
        _SENDER_REPORT,
        6,
        ssrc,
        ntp_time(ntp_utc_us),
        timestamp & 0xFFFF_FFFF,
        packets & 0xFFFF_FFFF,
        payload_bytes & 0xFFFF_FFFF,
    )
    item = struct.pack(">BB", 1, len(_CNAME)) + _CNAME
    chunk = struct.pack(">I", ssrc) + item + b"\0" * (4 - len(item) % 4)
    description = struct.pack(">BBH", _VERSION_2 | 1, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk
    compound = report + description
    return struct.pack(">cBH", b"$", channel, len(compound)) + compound


def _aggregate(nals: Sequence[bytes], codec: Codec) -> bytes:
    parts = b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    if codec == "h265":
        return bytes((_AP_265 << 1, nals[0][1])) + parts
    # The aggregate's NRI is the highest of its parts (RFC 6184 section 5.7).
    return bytes((max(nal[0] & 0x60 for nal in nals) | _STAP_A,)) + parts


def _fragments(nal: bytes, codec: Codec) -> Iterator[bytes]:
    if len(nal) <= MAX_PAYLOAD_BYTES:
        yield nal
        return
    shared = bytes((nal[0] & 0xE0 | _FU_A,)) if codec == "h264" else bytes((nal[0] & 0x81 | _FU_265 << 1, nal[1]))
    header = len(shared)
    room = MAX_PAYLOAD_BYTES - header - 1
    for start in range(header, len(nal), room):
        part = nal[start : start + room]
        ends = _FU_END if start + room >= len(nal) else 0
        begins = _FU_START if start == header else 0
        yield shared + bytes((begins | ends | nal_type(nal, codec),)) + part
