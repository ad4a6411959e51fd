"""H.264 over RTP (RFC 6184): single NAL units, STAP-A and FU-A."""

from struct import Struct
from typing import Final

from recorder.depacketiser import Depacketiser
from recorder.h264_sets import PPS, SPS, H264Sets
from recorder.sei import has_recovery_point
from storage.records import RandomAccess

_STAP_A: Final = 24
_FU_A: Final = 28
_FU_HEAD: Final = 2
_SLICES: Final = frozenset({1, 2, 3, 4, 5})
_FIRST_SLICES: Final = frozenset({1, 2, 5})
"""Those that say where they begin; partitions B and C follow theirs."""
_IDR: Final = 5
_PLAIN_SLICES: Final = _SLICES - {_IDR}
"""Of no random access point."""
_SEI: Final = 6
_SUFFIXES: Final = frozenset({10, 11, 12})
"""End of sequence, end of stream, filler."""
_SMALL: Final = frozenset({_SEI, SPS, PPS, 9, 10, 11})
"""Kinds of NAL unit in front of the slices: short, and where cameras hide start codes."""
_LAST_NAL_TYPE: Final = 23
_FIRST_MACROBLOCK: Final = 0x80
"""The first bit of a slice header is set exactly when first_mb_in_slice is 0 (section 7.3.3)."""


class H264Depacketiser(Depacketiser[H264Sets]):
    """ITU-T H.264 table 7-1 and RFC 6184 section 5: STAP-A 5.7.1, FU-A 5.8."""

    FRAME = Struct(">IIxxQ")
    SHARED = (1 << 48) - 1

    def _no_sets(self) -> H264Sets:
        return H264Sets()

    def _payload(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> bool:
        kind = buffer[at] & 0x1F
        if kind == _FU_A:
            if stop - at <= _FU_HEAD or not 0 < buffer[at + 1] & 0x1F <= _LAST_NAL_TYPE:
                return False
            indicator, flags = buffer[at], buffer[at + 1]
            head, shared = indicator & 0xE0 | flags & 0x1F, indicator << 8 | flags & 0x1F
            middle = (self._timestamp & 0xFFFF) << 48 | self._ssrc << 16 | shared
            return self._fragment(view, at + _FU_HEAD, stop, flags, b"%c" % head, middle)
        self._abandon()
        if kind == _STAP_A:
            return self._aggregate(buffer, view, at + 1, stop)
        if not self._is_nal(buffer, at, stop):
            return False
        self._whole(view, at, stop)
        return True

    def _is_nal(self, buffer: bytearray | memoryview, at: int, stop: int) -> bool:
        return stop > at and 0 < buffer[at] & 0x1F <= _LAST_NAL_TYPE

    def _is_plain_slice(self, head: bytes) -> bool:
        return head[0] & 0x1F in _PLAIN_SLICES

    def _note(self, start: int) -> None:
        kind = self._out[start + 4] & 0x1F
        if kind in _SLICES:
            first = kind in _FIRST_SLICES and self._begins(start + 5)
            self._note_slice(RandomAccess.IDR if kind == _IDR else None, first=first)
        elif kind in _SMALL and self._part(start):
            return
        elif kind in (SPS, PPS):
            self._note_sets(start)
        elif kind == _SEI:
            if has_recovery_point(self._out, start + 5, self._end):
                self._note_recovery_point()
        elif kind in _SUFFIXES:
            self._note_suffix()

    def _begins(self, at: int) -> bool:
        """Whether the slice header at `at` begins a picture; the second field of a frame begins none of its own."""
        return at < self._end and self._out[at] >= _FIRST_MACROBLOCK and self._sets.frames_only
