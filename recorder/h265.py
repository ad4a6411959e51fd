"""H.265 over RTP (RFC 7798): single NAL units, aggregation packets and fragmentation units, in transmission order.

Decoding order numbers (DONL, DOND) are refused where the stream is described (recorder.rtsp.sdp). What a PACI packet
(section 4.4.4) carries is taken, whatever its extension says of it.
"""

from struct import Struct
from typing import Final

from recorder.depacketiser import Depacketiser
from recorder.h265_sets import PPS, SPS, VPS, H265Sets, nal_type
from recorder.sei import has_recovery_point
from storage.records import RandomAccess

_HEADER: Final = 2
_AP: Final = 48
_FU: Final = 49
_FU_HEAD: Final = 3
_PACI: Final = 50
_PACI_HEAD: Final = 4
_LAST_SLICE: Final = 31
_RANDOM_ACCESS: Final = {
    16: RandomAccess.CRA,
    17: RandomAccess.CRA,
    18: RandomAccess.CRA,
    19: RandomAccess.IDR,
    20: RandomAccess.IDR,
    21: RandomAccess.CRA,
}
"""ITU-T H.265 table 7-1. After a broken link (16 to 18), as after a CRA, leading pictures may not decode."""
_PREFIX_SEI: Final = 39
_SMALL: Final = frozenset({VPS, SPS, PPS, 35, _PREFIX_SEI})
"""Kinds of NAL unit in front of the slices: short, and where cameras hide start codes."""
_SUFFIXES: Final = frozenset({36, 37, 38, 40, 45, 46, 47})
"""End of sequence, end of stream, filler, suffix SEI and reserved kinds that follow slices (section 7.4.2.4.4)."""
_FIRST_SLICE: Final = 0x80
"""first_slice_segment_in_pic_flag, the first bit of a slice segment header (section 7.3.6.1)."""
_LAYER: Final = 0x1F8
"""nuh_layer_id: the units of other layers are kept, and say nothing of the base layer."""


class H265Depacketiser(Depacketiser[H265Sets]):
    """ITU-T H.265 table 7-1 and RFC 7798 section 4.4: aggregation packets 4.4.2, fragmentation units 4.4.3."""

    FRAME = Struct(">IIxxxQ")
    SHARED = (1 << 56) - 1

    def _no_sets(self) -> H265Sets:
        return H265Sets()

    def _payload(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> bool:
        kind = nal_type(buffer, at)
        if kind == _FU:
            if stop - at <= _FU_HEAD or buffer[at + 2] & 0x3F >= _AP:
                return False
            first, second, flags = buffer[at : at + _FU_HEAD]
            kind = flags & 0x3F
            middle = (self._timestamp & 0xFF) << 56 | self._ssrc << 24 | first << 16 | second << 8 | kind
            return self._fragment(view, at + _FU_HEAD, stop, flags, bytes((first & 0x81 | kind << 1, second)), middle)
        if kind == _PACI:
            carried = _carried(buffer[at:stop])
            return carried is not None and self._payload(carried, memoryview(carried), 0, len(carried))
        self._abandon()
        if kind == _AP:
            return self._aggregate(buffer, view, at + _HEADER, stop)
        if not self._is_nal(buffer, at, stop):
            return False
        self._whole(view, at, stop)
        return True

    def _is_nal(self, buffer: bytearray | memoryview, at: int, stop: int) -> bool:
        return stop - at >= _HEADER and nal_type(buffer, at) < _AP

    def _is_plain_slice(self, head: bytes) -> bool:
        kind = nal_type(head, 0)
        return kind <= _LAST_SLICE and kind not in _RANDOM_ACCESS and not (head[0] << 8 | head[1]) & _LAYER

    def _note(self, start: int) -> None:
        out, body = self._out, start + 4 + _HEADER
        if self._end < body or (out[start + 4] << 8 | out[start + 5]) & _LAYER:
            return
        kind = nal_type(out, start + 4)
        if kind <= _LAST_SLICE:
            self._note_slice(_RANDOM_ACCESS.get(kind), first=self._end > body and out[body] >= _FIRST_SLICE)
        elif kind in _SMALL and self._part(start):
            return
        elif kind in (VPS, SPS, PPS):
            self._note_sets(start)
        elif kind == _PREFIX_SEI:
            if has_recovery_point(out, body, self._end):
                self._note_recovery_point()
        elif kind in _SUFFIXES:
            self._note_suffix()


def _carried(paci: bytearray) -> bytearray | None:
    """The NAL unit, fragment or aggregate in a PACI packet, whose header is spread over its own two; None: malformed.

    The payload header is followed by its first bit and its type, the size of an extension, and that extension.
    """
    if len(paci) <= _PACI_HEAD:
        return None
    fields = paci[2] << 8 | paci[3]
    kind, extension = fields >> 9 & 0x3F, fields >> 4 & 0x1F
    if kind == _PACI or len(paci) <= _PACI_HEAD + extension:
        return None
    head = bytes((fields >> 8 & 0x80 | kind << 1 | paci[0] & 1, paci[1]))
    return bytearray(head + paci[_PACI_HEAD + extension :])
