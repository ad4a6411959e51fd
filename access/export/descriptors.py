"""The descriptor of a track whose samples are JPEG pictures (ISO/IEC 14496-1 section 7.2.6, ISO/IEC 14496-14). Pure.

Object type 6C of MPEG-4 Systems is "Visual ISO/IEC 10918-1", JPEG. It has no decoder configuration: each picture brings
its own tables.
"""

from collections.abc import Iterator
from typing import Final

from access.export.boxes import BoxDamaged

JPEG: Final = "mp4v.6C"
"""RFC 6381."""

_ES: Final = 3
_DECODER: Final = 4
_SYNC: Final = 6
_OBJECT_TYPE: Final = 0x6C
_VISUAL: Final = 4 << 2 | 1
"""Stream type 4, not upstream, and the reserved bit."""
_RATES_BYTES: Final = 3 + 4 + 4
"""Size of the decoder's buffer, greatest and mean bit rate: what the muxer measured."""
_MP4_SYNC: Final = b"\x02"
"""Predefined for MP4 files."""
_MORE: Final = 0x80
_MOST_LENGTH_BYTES: Final = 4


def jpeg_descriptor() -> bytes:
    """Of a track whose rates are not known yet."""
    decoder = bytes([_OBJECT_TYPE, _VISUAL]) + bytes(_RATES_BYTES)
    return _descriptor(_ES, bytes(3) + _descriptor(_DECODER, decoder) + _descriptor(_SYNC, _MP4_SYNC))


def demand_jpeg(data: bytes) -> None:
    """Demand that this is the descriptor of such a track, and that nothing else is in it.

    Raises:
        BoxDamaged: it is another one, says more, or is cut short.
    """
    try:
        ((tag, body),) = _parts(data)
        (decoder_tag, decoder), (sync_tag, sync) = _parts(body[3:])
    except (ValueError, IndexError) as error:
        raise BoxDamaged(box="esds", why="not the three descriptors of a JPEG track") from error
    if (tag, decoder_tag, sync_tag, sync) != (_ES, _DECODER, _SYNC, _MP4_SYNC) or body[2]:
        raise BoxDamaged(box="esds", why="another kind of track")
    if decoder[:2] != bytes([_OBJECT_TYPE, _VISUAL]) or len(decoder) != 2 + _RATES_BYTES:
        raise BoxDamaged(box="esds", why="not JPEG without configuration")


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and bodies, end to end. Raises ValueError or IndexError where they do not fit."""
    at = 0
    while at < len(data):
        tag, size = data[at], 0
        for read in range(1, _MOST_LENGTH_BYTES + 1):
            size = size << 7 | data[at + read] & ~_MORE
            if not data[at + read] & _MORE:
                break
        else:
            raise ValueError(tag)
        begin = at + 1 + read
        at = begin + size
        if at > len(data):
            raise ValueError(tag)
        yield tag, data[begin:at]
