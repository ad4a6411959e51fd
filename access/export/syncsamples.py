"""The table of samples where players may begin (ISO/IEC 14496-12 section 8.6.2), where the muxer writes none. Pure.

Without the table every sample is one, which is true of Motion JPEG. But then GStreamer's demuxer (1.22) ends a movie
with an edit list too early, by as much as the list hides at the beginning: the last pictures of an interval would not
be shown. With the first picture of each record alone, VLC (3.0) shows what is hidden before the interval. With these
and the first picture that is shown, both show the interval to the frame.
"""

import struct
from collections.abc import Sequence
from typing import Final

from access.export.boxes import Box, boxes, full_box, only
from access.export.boxes import box as build

_PATH: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def with_sync(moov: bytes, beginnings: Sequence[int]) -> bytes:
    """The movie box of one track with these samples, numbered from 0, as its sync samples; as it is if it names any.

    Raises:
        BoxDamaged: not a movie box with one track.
    """
    (top,) = boxes(moov, 0, len(moov))
    table = only(moov, top, *_PATH[1:])
    if any(child.type == b"stss" for child in boxes(moov, table.body, table.end)):
        return moov
    listed = full_box(
        b"stss", 0, 0, struct.pack(f">{1 + len(beginnings)}I", len(beginnings), *(at + 1 for at in beginnings))
    )
    return _extended(moov, top, 1, listed)


def _extended(moov: bytes, at: Box, depth: int, last: bytes) -> bytes:
    """The box with another one behind the last within the innermost of the path."""
    if depth == len(_PATH):
        return build(at.type, moov[at.body : at.end], last)
    children = (
        _extended(moov, child, depth + 1, last) if child.type == _PATH[depth] else moov[child.start : child.end]
        for child in boxes(moov, at.body, at.end)
    )
    return build(at.type, *children)
