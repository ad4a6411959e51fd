"""Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2): walked and built. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nvr.base.errors import EvidenceAtRisk

HEADER_BYTES: Final = 8
LARGE_HEADER_BYTES: Final = 16
_LARGE: Final = 1
"""A size of 1: the real size follows the type, in 64 bits."""

_HEADER: Final = struct.Struct(">I4s")
_LARGE_SIZE: Final = struct.Struct(">Q")


class BoxDamaged(EvidenceAtRisk):
    """A box does not fit the bytes around it, or a needed one is missing; field `box` names it."""

    message_id = "box-damaged"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies: `start` of its header, `body` behind the header, `end` behind the box."""

    type: bytes
    start: int
    body: int
    end: int


def parse_header(header: bytes, start: int, limit: int) -> Box:
    """The box whose header begins with these bytes (16, or all that are left), at `start`; it must end by `limit`.

    Raises:
        BoxDamaged: the size does not fit. A size of 0 ("to the end of the file") is refused: we never write it.
    """
    if len(header) < HEADER_BYTES:
        raise BoxDamaged(box="", why="header cut short")
    size, kind = _HEADER.unpack_from(header)
    body = start + HEADER_BYTES
    if size == _LARGE:
        if len(header) < LARGE_HEADER_BYTES:
            raise BoxDamaged(box=repr(kind), why="header cut short")
        (size,) = _LARGE_SIZE.unpack_from(header, HEADER_BYTES)
        body = start + LARGE_HEADER_BYTES
    if not body <= start + size <= limit:
        raise BoxDamaged(box=repr(kind), why="size does not fit")
    return Box(kind, start, body, start + size)


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie back to back in data[start:end].

    Raises:
        BoxDamaged: what lies there is not a row of boxes.
    """
    while start < end:
        box = parse_header(data[start : min(end, start + LARGE_HEADER_BYTES)], start, end)
        yield box
        start = box.end


def only(data: bytes, within: Box, *path: bytes) -> Box:
    """The one box of each type on the path, from `within` inwards.

    Raises:
        BoxDamaged: there is none, or more than one.
    """
    for kind in path:
        found = [box for box in boxes(data, within.body, within.end) if box.type == kind]
        if len(found) != 1:
            raise BoxDamaged(box=repr(kind), why=f"{len(found)} where one is needed")
        within = found[0]
    return within


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of this type with these parts as its body."""
    body = b"".join(parts)
    return _HEADER.pack(HEADER_BYTES + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags (ISO/IEC 14496-12 section 4.2.2)."""
    return box(kind, bytes([version]) + flags.to_bytes(3, "big"), *parts)
