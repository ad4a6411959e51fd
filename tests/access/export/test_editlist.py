"""Edits go into the movie box and come out again; what is not an exported movie is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.boxes import BoxDamaged, box, boxes, only
from access.export.editlist import edits_from, with_edits
from access.export.template import template_movie
from access.export.timing import Edit
from storage.records import CodecConfig

CODEC = CodecConfig("avc1.42c00b", b"\x01configuration", 160, 90)
EDITS = st.lists(st.builds(Edit, st.integers(0, 2**62), st.integers(1, 2**20)), max_size=5)


def movie_box() -> bytes:
    movie = template_movie(CODEC)
    (moov,) = [found for found in boxes(movie, 0, len(movie)) if found.type == b"moov"]
    return movie[moov.start :]


@given(EDITS)
def test_edits_are_read_back_as_they_were_written(edits: list[Edit]) -> None:
    assert edits_from(with_edits(movie_box(), edits)) == edits


@given(EDITS, EDITS)
def test_later_edits_take_the_place_of_earlier_ones(earlier: list[Edit], later: list[Edit]) -> None:
    assert with_edits(with_edits(movie_box(), earlier), later) == with_edits(movie_box(), later)


def test_durations_of_movie_and_track_follow_the_edits() -> None:
    moov = with_edits(movie_box(), [Edit(0, 100), Edit(500, 23)])
    top = next(boxes(moov, 0, len(moov)))
    mvhd, tkhd = only(moov, top, b"mvhd"), only(moov, top, b"trak", b"tkhd")
    assert int.from_bytes(moov[mvhd.body + 16 : mvhd.body + 20], "big") == 123
    assert int.from_bytes(moov[tkhd.body + 20 : tkhd.body + 24], "big") == 123


def test_everything_else_in_the_movie_stays() -> None:
    before = movie_box()
    after = with_edits(before, [Edit(0, 100)])
    top = next(boxes(after, 0, len(after)))
    for path in ([b"mdia"], [b"mdia", b"minf", b"stbl", b"stsd"]):
        found = only(after, only(after, top, b"trak"), *path)
        assert after[found.start : found.end] in before


def test_duration_that_the_header_can_not_hold_is_refused() -> None:
    with pytest.raises(BoxDamaged):
        with_edits(movie_box(), [Edit(0, 2**32)])


@pytest.mark.parametrize("other", [b"", box(b"free"), movie_box() + box(b"free")])
def test_what_is_not_one_movie_box_is_refused(other: bytes) -> None:
    with pytest.raises(BoxDamaged):
        with_edits(other, [])


def test_other_timescale_is_refused() -> None:
    moov = movie_box()
    at = moov.index(b"mdhd") + 4 + 12
    with pytest.raises(BoxDamaged):
        with_edits(moov[:at] + (1000).to_bytes(4, "big") + moov[at + 4 :], [])


def test_movie_without_edits_has_none_to_read() -> None:
    with pytest.raises(BoxDamaged):
        edits_from(movie_box())


@pytest.mark.parametrize(("offset", "value"), [(8 + 8, 0xFF), (8 + 16 + 1, 2), (0, 0), (7, 9)])
def test_empty_edit_other_speed_version_or_count_is_refused(offset: int, value: int) -> None:
    moov = bytearray(with_edits(movie_box(), [Edit(0, 100)]))
    moov[moov.index(b"elst") + 4 + offset] = value
    with pytest.raises(BoxDamaged):
        edits_from(bytes(moov))
