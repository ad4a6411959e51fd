"""The edit list of an exported movie (ISO/IEC 14496-12 section 8.6.6): which stretch of its frames players show.

A pure function over the bytes of `moov`. It is written after muxing, since the muxer knows how to skip frames at the
beginning and not how to end before the last sample: frames that decoding needs would be played after the interval.
"""

import struct
from collections.abc import Sequence
from typing import Final

from access.export.boxes import HEADER_BYTES, Box, BoxDamaged, boxes, full_box, only
from access.export.boxes import box as build
from access.export.timing import Edit
from nvr.base.units import TICKS_PER_SECOND

_ENTRY: Final = struct.Struct(
    ">"
    "Q"  # segment_duration, in the movie's timescale
    "q"  # media_time, in the track's timescale
    "h"  # media_rate_integer
    "h"  # media_rate_fraction
)
_U32: Final = struct.Struct(">I")
_MOST_DURATION: Final = 2**32 - 2
"""Headers of version 0 hold 32 bits, and all ones mean "unknown": 13 hours at 90 kHz."""

_TIMES_BYTES: Final = 4 + 4 + 4
"""Version and flags, creation time, modification time: what stands before timescale or track id."""
_TKHD_DURATION: Final = _TIMES_BYTES + 4 + 4
_MVHD_DURATION: Final = _TIMES_BYTES + 4


def with_edits(moov: bytes, edits: Sequence[Edit]) -> bytes:
    """The movie box with these edits in its one track, in place of any that it had; durations follow.

    Nothing behind `moov` may depend on its size: it must be the last box of the file.

    Raises:
        BoxDamaged: not a movie box with one track, version 0 headers and a timescale of 90 kHz throughout.
    """
    top = _top(moov)
    mvhd, trak = only(moov, top, b"mvhd"), only(moov, top, b"trak")
    tkhd, mdhd = only(moov, trak, b"tkhd"), only(moov, trak, b"mdia", b"mdhd")
    for header in (mvhd, mdhd):
        _demand_timescale(moov, header)
    duration = sum(edit.duration_90k for edit in edits)
    if duration > _MOST_DURATION or moov[tkhd.body] != 0:
        raise BoxDamaged(box="tkhd", why="duration does not fit")
    elst = full_box(
        b"elst",
        1,
        0,
        _U32.pack(len(edits)),
        *(_ENTRY.pack(edit.duration_90k, edit.media_time_90k, 1, 0) for edit in edits),
    )
    parts = []
    for child in boxes(moov, trak.body, trak.end):
        if child.type == b"tkhd":
            parts += [_with_duration(moov, child, _TKHD_DURATION, duration), build(b"edts", elst)]
        elif child.type != b"edts":
            parts.append(moov[child.start : child.end])
    new_trak = build(b"trak", *parts)
    new_mvhd = _with_duration(moov, mvhd, _MVHD_DURATION, duration)
    replaced = {mvhd.start: new_mvhd, trak.start: new_trak}
    return build(
        b"moov",
        *(replaced.get(child.start, moov[child.start : child.end]) for child in boxes(moov, top.body, top.end)),
    )


def edits_from(moov: bytes) -> list[Edit]:
    """The edits of the movie's one track.

    Raises:
        BoxDamaged: there is no edit list, or it does more than show stretches at normal speed.
    """
    elst = only(moov, _top(moov), b"trak", b"edts", b"elst")
    body = moov[elst.body : elst.end]
    if len(body) < HEADER_BYTES or body[:4] != b"\x01\0\0\0":
        raise BoxDamaged(box="elst", why="not version 1")
    if len(body) - HEADER_BYTES != _U32.unpack_from(body, 4)[0] * _ENTRY.size:
        raise BoxDamaged(box="elst", why="length")
    edits = []
    for duration, media_time, whole, fraction in _ENTRY.iter_unpack(body[HEADER_BYTES:]):
        if media_time < 0 or (whole, fraction) != (1, 0):
            raise BoxDamaged(box="elst", why="an empty edit or another speed")
        edits.append(Edit(media_time, duration))
    return edits


def _top(moov: bytes) -> Box:
    found = list(boxes(moov, 0, len(moov)))
    if len(found) != 1 or found[0].type != b"moov":
        raise BoxDamaged(box="moov", why="not one movie box")
    return found[0]


def _demand_timescale(moov: bytes, header: Box) -> None:
    at = header.body + _TIMES_BYTES
    if moov[header.body] != 0 or moov[at : at + 4] != _U32.pack(TICKS_PER_SECOND):
        raise BoxDamaged(box=repr(header.type), why="not version 0 at 90 kHz")


def _with_duration(moov: bytes, header: Box, offset: int, duration: int) -> bytes:
    at = header.body + offset
    return moov[header.start : at] + _U32.pack(duration) + moov[at + 4 : header.end]
