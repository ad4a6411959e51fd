"""What is missing of an MPEG transport stream, by its continuity counters (ISO/IEC 13818-1 section 2.4.3.3). Pure."""

from typing import Final

PACKET: Final = 188
"""Bytes."""
_SYNC: Final = 0x47
_ERROR: Final = 0x80
_PID: Final = 0x1FFF
_NULL: Final = 0x1FFF
_ADAPTATION: Final = 0x20
_PAYLOAD: Final = 0x10
_DISCONTINUITY: Final = 0x80
_COUNT: Final = 0x0F


class Continuity:
    """Counts per PID how many packets with payload are missing.

    A counter has four bits: of packets lost in a row, the remainder by 16 is counted, and 15 look like a packet that
    came twice, which is allowed. One that says that its counter jumps is believed, one with an error in it is missing.
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._missing: dict[int, int] = {}

    def look(self, data: bytes) -> None:
        """Count what is missing before and between these packets; what is not one, is passed over."""
        for at in range(0, len(data) - PACKET + 1, PACKET):
            if data[at] == _SYNC:
                self._packet(data, at)

    def missing(self, pid: int) -> int:
        """How many packets of this PID, since it was last asked."""
        return self._missing.pop(pid, 0)

    def _packet(self, data: bytes, at: int) -> None:
        pid = (data[at + 1] << 8 | data[at + 2]) & _PID
        flags = data[at + 3]
        if pid == _NULL or data[at + 1] & _ERROR or not flags & _PAYLOAD:
            return  # one with an error is missing from the count of the next
        count, last = flags & _COUNT, self._last.get(pid)
        self._last[pid] = count
        jumps = flags & _ADAPTATION and data[at + 4] and data[at + 5] & _DISCONTINUITY
        if last is not None and count != last and not jumps and (gap := count - last - 1 & _COUNT):
            self._missing[pid] = self._missing.get(pid, 0) + gap
