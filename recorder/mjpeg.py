"""Motion JPEG: each picture whole in itself (ITU-T T.81), as a camera sends it over HTTP. No sample is ever decoded.

A picture is kept byte for byte, its comments and application segments included. What does not begin as a picture is
counted as lost and not kept; a picture whose end is missing is kept, since it shows what came, and counted too.
"""

from collections.abc import Iterable
from typing import Final

from recorder.depacketiser import MAX_PENDING, UnitSink
from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.parameter_sets import MAX_SIDE
from storage.buffers import BufferPool, extend
from storage.records import CodecConfig, RandomAccess

CODEC: Final = "mp4v.6C"
"""RFC 6381: object type 6C of MPEG-4 Systems is JPEG (mp4ra.org); it has no decoder configuration."""

_BEGIN: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_FILL: Final = 0xFF
_SCAN: Final = 0xDA
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended, progressive: those that players decode."""
_OTHER_FRAMES: Final = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7})
"""Lossless, hierarchical, arithmetic, JPEG-LS."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""


class MjpegPictures:
    """Takes pictures, keeps their bytes until a record takes them. The event loop owns it.

    Every picture is a random access point; records hold many of them all the same (`intra_only`).
    """

    intra_only: Final = True
    unfinished: Final = 0
    """Bytes of a picture that is not whole: there is never one."""

    def __init__(self, sink: UnitSink, pool: BufferPool) -> None:
        self._sink = sink
        self._pool = pool
        self._out = pool.take()
        self._end = 0
        self._lost = 0
        self.config: CodecConfig | None = None

    def access_unit(self, pictures: Iterable[memoryview], timestamp: int, lost: int) -> None:
        """Take what came with this time stamp: one picture; `lost` counts what is said to be missing in it.

        That is believed of a picture without its end: demuxers say it of whole ones too, when the stream ends behind.

        Raises:
            CameraUnreachable: cause `garbage`, for a picture beyond MAX_PENDING; `unsupported-codec`.
        """
        for picture in pictures:
            self._picture(bytes(picture), timestamp, lost)

    def take(self, keep: int) -> bytearray:
        """Give away what was joined, less its last `keep` bytes, which begin what comes."""
        taken, cut = self._out, self._end - keep
        rest = bytes(taken[cut : self._end])
        del taken[cut:]
        self._out, self._end = self._pool.take(), 0
        self._put(rest)
        return taken

    def discard(self) -> None:
        """Forget every picture told so far, the one that is just being told among them."""
        self._end = 0

    def _picture(self, data: bytes, timestamp: int, lost: int) -> None:
        found = _frame(data)
        if found is None:
            self._lost += max(lost, 1)
            return
        width, height, scan_at = found
        if data.rfind(_END) < scan_at:
            self._lost += max(lost, 1)
        if self.config is None or (self.config.width, self.config.height) != (width, height):
            self.config = CodecConfig(CODEC, b"", width, height)
        self._put(data)
        if self._end > MAX_PENDING:
            raise garbage("access-unit-size")
        lost, self._lost = self._lost, 0
        self._sink.unit(timestamp, len(data), RandomAccess.IDR, lost, False)

    def _put(self, data: bytes) -> None:
        begin, self._end = self._end, self._end + len(data)
        extend(self._out, self._end)
        self._out[begin : self._end] = data


def _frame(data: bytes) -> tuple[int, int, int] | None:
    """Width, height, and where the first scan begins; None for what is no picture (ITU-T T.81 annex B).

    Raises:
        CameraUnreachable: cause `unsupported-codec`, for a coding process that players do not know.
    """
    if not data.startswith(_BEGIN):
        return None
    size, at = None, len(_BEGIN)
    while at + 4 <= len(data) and data[at] == _FILL:
        marker = data[at + 1]
        if marker == _FILL or marker in _BARE:
            at += 1 if marker == _FILL else 2
            continue
        if marker == _SCAN:
            return None if size is None else (*size, at)
        if marker in _OTHER_FRAMES:
            raise CameraUnreachable(Cause.UNSUPPORTED_CODEC, offered=f"jpeg {marker:x}")
        if marker in _FRAMES:
            size = _size(data[at + 4 : at + 9])
            if size is None:
                return None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _size(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a frame header, whose first byte is the bits of a sample."""
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    return (width, height) if frame[:1] == b"\x08" and 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE else None
