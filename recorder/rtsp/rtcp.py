"""Sender reports of a camera (RFC 3550 section 6.4.1): which of its own instants a time stamp stands for."""

from struct import Struct
from typing import Final

from nvr.base.units import US_PER_SECOND

_HEADER: Final = Struct(">BBH")
_REPORT: Final = Struct(">III")
_VERSION: Final = 2
_REPORT_AT: Final = 8
"""Behind the header and the sender's SSRC."""
_REPORT_END: Final = _REPORT_AT + _REPORT.size
_SENDER_REPORT: Final = 200
_NTP_TO_UNIX_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 868)."""


def sender_report(buffer: bytearray, at: int, stop: int) -> tuple[int, int] | None:
    """Unix microseconds by the camera's clock, and the RTP time stamp of that instant.

    From the first sender report in the compound packet `buffer[at:stop]`; None when there is none, when the camera has
    no clock (an NTP time of zero), or when the packet is malformed.
    """
    while stop - at >= _HEADER.size:
        first, kind, words = _HEADER.unpack_from(buffer, at)
        end = at + 4 * (words + 1)
        if first >> 6 != _VERSION or end > stop:
            return None
        if kind == _SENDER_REPORT and end - at >= _REPORT_END:
            seconds, fraction, timestamp = _REPORT.unpack_from(buffer, at + _REPORT_AT)
            if not seconds:
                return None
            return (seconds - _NTP_TO_UNIX_S) * US_PER_SECOND + (fraction * US_PER_SECOND >> 32), timestamp
        at = end
    return None
