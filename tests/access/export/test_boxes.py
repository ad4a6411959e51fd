"""Boxes that fit their bytes are walked; all others are refused by name."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.boxes import Box, BoxDamaged, box, boxes, full_box, only, parse_header

KINDS = st.binary(min_size=4, max_size=4)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=20))))
def test_row_of_boxes_is_walked_as_it_was_built(row: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(box(kind, body) for kind, body in row)
    assert [(found.type, data[found.body : found.end]) for found in boxes(data, 0, len(data))] == row


@given(st.binary(max_size=64))
def test_any_bytes_are_boxes_or_refused(data: bytes) -> None:
    try:
        found = list(boxes(data, 0, len(data)))
    except BoxDamaged:
        return
    assert [one.start for one in found] == [0, *(one.end for one in found[:-1])][: len(found)]


def test_large_size_is_read() -> None:
    header = struct.pack(">I4sQ", 1, b"mdat", 5 << 30)
    assert parse_header(header, 100, 6 << 30) == Box(b"mdat", 100, 116, 100 + (5 << 30))


@pytest.mark.parametrize("size", [0, 7, 9])
def test_box_that_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(BoxDamaged):
        list(boxes(struct.pack(">I4s", size, b"free"), 0, 8))


def test_second_box_of_a_kind_that_must_be_single_is_refused() -> None:
    track = box(b"trak", full_box(b"tkhd", 0, 0))
    data = box(b"moov", track, track)
    top = next(boxes(data, 0, len(data)))
    with pytest.raises(BoxDamaged):
        only(data, top, b"trak")
