"""Streams made by hand: NAL units, RTP packets, interleaved frames."""

import struct
from collections.abc import Iterable

SPS = bytes.fromhex("6742c00cda05067e7840000003004000000ca3c50aa8")
"""320 x 180, level 1.2, as x264 writes it."""
SPS_LARGE = bytes.fromhex("6742c028da01e0089f961000000300100000030328f1832a")
"""1920 x 1080, cropped from 1088 lines, level 4.0."""
SPS_MAIN = bytes.fromhex("674d401eeca05017fcb0800000030080015f90078b16cb")
"""640 x 360, main profile."""
PPS = bytes.fromhex("68ce3c80")
SEI_RECOVERY = b"\x06\x06\x01\x84\x80"
SEI_USER = b"\x06\x05\x04abcd\x80"
AUD = b"\x09\xf0"

VPS_265 = bytes.fromhex("40010c01ffff01600000030090000003000003003c959809")
SPS_265 = bytes.fromhex("42010101600000030090000003000003003ca00a080b9f796566924caf016808000003000800000300c840")
"""320 x 180, cropped from 184 lines, main profile, level 2.0, as x265 writes it."""
SPS_265_LARGE = bytes.fromhex("420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84")
"""1920 x 1080, level 4.0."""
PPS_265 = bytes.fromhex("4401c172b46240")
SEI_265_RECOVERY = b"\x4e\x01\x06\x01\x84\x80"
SEI_265_USER = b"\x4e\x01\x05\x04abcd\x80"
SEI_265_SUFFIX = b"\x50\x01\x84\x04abcd\x80"
AUD_265 = b"\x46\x01\x50"


def idr(size: int = 40, fill: int = 0x11) -> bytes:
    return b"\x65" + bytes([fill]) * (size - 1)


def inter(size: int = 20, fill: int = 0x22) -> bytes:
    return b"\x41" + bytes([fill]) * (size - 1)


def slice_265(kind: int, size: int = 40, fill: int = 0x11) -> bytes:
    return bytes([kind << 1, 1]) + bytes([fill]) * (size - 2)


def sample(*nals: bytes) -> bytes:
    """What the recorder is to store for these NAL units."""
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in nals)


def fragments(nal: bytes, size: int) -> list[bytes]:
    parts = [nal[1 + at : 1 + at + size] for at in range(0, len(nal) - 1, size)]
    payloads = []
    for index, part in enumerate(parts):
        bits = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
        payloads.append(bytes([nal[0] & 0xE0 | 28, bits | nal[0] & 0x1F]) + part)
    return payloads


def aggregate(*nals: bytes) -> bytes:
    return b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def fragments_265(nal: bytes, size: int) -> list[bytes]:
    parts = [nal[2 + at : 2 + at + size] for at in range(0, len(nal) - 2, size)]
    payloads = []
    for index, part in enumerate(parts):
        bits = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
        payloads.append(bytes([nal[0] & 0x81 | 49 << 1, nal[1], bits | nal[0] >> 1]) + part)
    return payloads


def aggregate_265(*nals: bytes) -> bytes:
    return b"\x60\x01" + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def paci_265(payload: bytes, extension: bytes = b"") -> bytes:
    """A payload of any kind in a PACI packet (RFC 7798 section 4.4.4)."""
    fields = (payload[0] & 0x80) << 8 | (payload[0] >> 1 & 0x3F) << 9 | len(extension) << 4
    return bytes((50 << 1 | payload[0] & 1, payload[1])) + struct.pack(">H", fields) + extension + payload[2:]


class Packets:
    """Numbers and stamps payloads; each packet is one interleaved frame."""

    def __init__(self, *, sequence: int = 65_530, ssrc: int = 7, channel: int = 0, payload_type: int = 96) -> None:
        self.sequence = sequence
        self.ssrc = ssrc
        self.channel = channel
        self.payload_type = payload_type

    def unit(self, timestamp: int, payloads: Iterable[bytes], *, marker: bool = True) -> list[bytes]:
        payloads = list(payloads)
        return [
            self.packet(timestamp, payload, marker=marker and index == len(payloads) - 1)
            for index, payload in enumerate(payloads)
        ]

    def packet(self, timestamp: int, payload: bytes, *, marker: bool = False, first: int = 0x80) -> bytes:
        kind = self.payload_type | (0x80 if marker else 0)
        rtp = struct.pack(">BBHII", first, kind, self.sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self.ssrc) + payload
        self.sequence += 1
        return frame(self.channel, rtp)


def frame(channel: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0x24, channel, len(data)) + data


def sender_report(ntp_seconds: int, fraction: int, timestamp: int) -> bytes:
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, ntp_seconds, fraction, timestamp, 1, 1)


def empty_report(ssrc: int = 7) -> bytes:
    """A receiver report of nobody: the shortest that there is."""
    return struct.pack(">BBHI", 0x80, 201, 1, ssrc)


def goodbye(ssrc: int = 7) -> bytes:
    return struct.pack(">BBHI", 0x81, 203, 1, ssrc)
