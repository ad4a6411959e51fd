"""A movie's tables are read strictly: every byte belongs to a sample, and nothing else is in the file."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.boxes import BoxDamaged, box, boxes
from access.verification.movie import Movie, parse_movie, read_tables


@pytest.fixture
def path(bundle: Path) -> Path:
    """The movie of a good bundle, in a copy."""
    (path,) = (bundle / "video").iterdir()
    return path


def read(path: Path) -> Movie:
    return parse_movie(read_tables(path))


def test_samples_are_those_that_ffmpeg_reads(path: Path) -> None:
    movie = read(path)
    data = path.read_bytes()
    with av.open(str(path), options={"ignore_editlist": "1"}) as opened:
        packets = [packet for packet in opened.demux(video=0) if packet.size]
        assert opened.streams.video[0].codec_context.extradata == movie.configuration
    assert [data[one.offset : one.offset + one.size] for one in movie.samples] == list(map(bytes, packets))
    assert [one.pts_90k for one in movie.samples] == [packet.pts for packet in packets]
    assert movie.sample_entry == b"avc1"


def test_frames_outside_of_the_edits_are_hidden(path: Path) -> None:
    movie = read(path)
    assert sum(movie.shows(at) for at in range(len(movie.samples))) == 31


@given(at=st.integers(0, 5000), mask=st.integers(1, 255))
def test_changed_tables_are_read_otherwise_or_refused(
    good: Path, tmp_path_factory: pytest.TempPathFactory, at: int, mask: int
) -> None:
    (source,) = (good / "video").iterdir()
    data = bytearray(source.read_bytes())
    *_, moov = boxes(bytes(data), 0, len(data))
    data[moov.start + at % (moov.end - moov.start)] ^= mask
    path = tmp_path_factory.mktemp("changed") / "movie.mp4"
    path.write_bytes(data)
    try:
        movie = read(path)
    except BoxDamaged:
        return
    assert len(movie.samples) == len(read(source).samples)


@pytest.mark.parametrize("extra", [b"\0", box(b"free", b"hidden"), box(b"moov")])
def test_bytes_behind_the_tables_are_refused(path: Path, extra: bytes) -> None:
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(BoxDamaged):
        read(path)


def test_media_data_without_a_sample_are_refused(path: Path) -> None:
    data = path.read_bytes()
    ftyp, free, mdat, moov = boxes(data, 0, len(data))
    more = box(b"mdat", data[mdat.body : mdat.end], b"hidden")
    path.write_bytes(data[ftyp.start : free.end] + more + data[moov.start : moov.end])
    with pytest.raises(BoxDamaged, match="belong to no sample"):
        read(path)


def test_spare_box_that_holds_something_is_refused(path: Path) -> None:
    data = path.read_bytes()
    ftyp, free, _, _ = boxes(data, 0, len(data))
    path.write_bytes(data[: ftyp.end] + box(b"free", b"hidden") + data[free.end :])
    with pytest.raises(BoxDamaged, match="not empty"):
        read(path)


def test_many_small_boxes_are_refused_early(tmp_path: Path) -> None:
    (tmp_path / "boxes.mp4").write_bytes(box(b"free") * 100_000)
    with pytest.raises(BoxDamaged, match="too many"):
        read_tables(tmp_path / "boxes.mp4")


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(BoxDamaged):
        read_tables(tmp_path / "empty.mp4")
