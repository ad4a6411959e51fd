"""Control packets of a camera (RFC 3550 section 6): which of its own instants a time stamp stands for, and its end."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from nvr.base.units import US_PER_SECOND

_HEADER: Final = Struct(">BBH")
_REPORT: Final = Struct(">III")
_EMPTY_REPORT: Final = Struct(">BBHI")
_FRAME: Final = Struct(">BBH")
_DOLLAR: Final = 0x24
_VERSION: Final = 2
_REPORT_AT: Final = 8
"""Behind the header and the sender's SSRC."""
_REPORT_END: Final = _REPORT_AT + _REPORT.size
_SENDER_REPORT: Final = 200
_RECEIVER_REPORT: Final = 201
_BYE: Final = 203
_KINDS: Final = range(192, 224)
"""Control packets, as their second byte tells them from RTP on the same channel (RFC 5761 section 4)."""
_AMBIGUOUS: Final = range(64, 96)
"""Payload types of RTP that look so with the marker set."""
_NTP_TO_UNIX_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 868)."""


def receiver_report(channel: int, ssrc: int) -> bytes:
    """An interleaved report of nobody (RFC 3550 section 6.4.2): it only shows that the receiver lives."""
    return _FRAME.pack(_DOLLAR, channel, _HEADER.size + 4) + _EMPTY_REPORT.pack(
        _VERSION << 6, _RECEIVER_REPORT, 1, ssrc
    )


def is_control(buffer: bytearray, at: int, stop: int, payload_type: int) -> bool:
    """Whether the packet `buffer[at:stop]` is a control packet, on a channel of packets of this payload type."""
    return payload_type not in _AMBIGUOUS and stop - at >= _HEADER.size and buffer[at + 1] in _KINDS


def sender_report(buffer: bytearray, at: int, stop: int) -> tuple[int, int] | None:
    """Unix microseconds by the camera's clock, and the RTP time stamp of that instant.

    From the first sender report in the compound packet `buffer[at:stop]`; None when there is none, when the camera has
    no clock (an NTP time of zero), or when the packet is malformed.
    """
    for kind, begin, end in _packets(buffer, at, stop):
        if kind == _SENDER_REPORT and end - begin >= _REPORT_END:
            seconds, fraction, timestamp = _REPORT.unpack_from(buffer, begin + _REPORT_AT)
            if not seconds:
                return None
            return (seconds - _NTP_TO_UNIX_S) * US_PER_SECOND + (fraction * US_PER_SECOND >> 32), timestamp
    return None


def says_goodbye(buffer: bytearray, at: int, stop: int) -> bool:
    """Whether the compound packet `buffer[at:stop]` says that the stream ends (RFC 3550 section 6.6)."""
    return any(kind == _BYE for kind, _, _ in _packets(buffer, at, stop))


def _packets(buffer: bytearray, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Kind, begin and end of each packet of a compound one, up to the first that is malformed."""
    while stop - at >= _HEADER.size:
        first, kind, words = _HEADER.unpack_from(buffer, at)
        end = at + 4 * (words + 1)
        if first >> 6 != _VERSION or end > stop:
            return
        yield kind, at, end
        at = end
