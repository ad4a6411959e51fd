"""Supplemental enhancement information (SEI) of H.264 and H.265: the one message that the recorder heeds."""

from typing import Final

_RECOVERY_POINT: Final = 6
_MORE: Final = 0xFF
_STOP_BYTE: Final = 0x80


def has_recovery_point(out: bytearray, at: int, end: int) -> bool:
    """Whether the SEI payload in `out[at:end]` holds a recovery point.

    ITU-T H.264 sections 7.3.2.3.1 and D.1.8, ITU-T H.265 sections 7.3.5 and D.2.8: the same numbers.
    """
    while at + 2 <= end and out[at] != _STOP_BYTE:
        numbers = []
        for _ in range(2):
            number = 0
            while at < end and out[at] == _MORE:
                number += 255
                at += 1
            if at >= end:
                return False
            numbers.append(number + out[at])
            at += 1
        kind, size = numbers
        if kind == _RECOVERY_POINT:
            return True
        at += size
    return False
