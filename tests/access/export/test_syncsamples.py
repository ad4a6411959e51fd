import pytest

from access.export.boxes import BoxDamaged, box, boxes, full_box, only
from access.export.syncsamples import with_sync

STTS = full_box(b"stts", 0, 0, bytes(4))
HDLR = full_box(b"hdlr", 0, 0, bytes(20))


def _movie(*tables: bytes, tracks: int = 1) -> bytes:
    media = box(b"mdia", HDLR, box(b"minf", box(b"vmhd"), box(b"stbl", *tables)))
    return box(b"moov", box(b"mvhd", bytes(8)), *[box(b"trak", box(b"tkhd"), media)] * tracks, box(b"udta"))


def test_samples_are_listed_and_everything_else_stays() -> None:
    made = with_sync(_movie(STTS), [0, 50])
    listed = bytes.fromhex("00000000 00000002 00000001 00000033".replace(" ", ""))
    assert made == _movie(STTS, box(b"stss", listed))
    (top,) = boxes(made, 0, len(made))
    assert only(made, top, b"trak", b"mdia", b"minf", b"stbl", b"stss").type == b"stss"


def test_table_that_the_muxer_wrote_stays() -> None:
    movie = _movie(STTS, full_box(b"stss", 0, 0, bytes(4)))
    assert with_sync(movie, [0]) == movie


@pytest.mark.parametrize("movie", [_movie(STTS, tracks=2), _movie(STTS, tracks=0)])
def test_movie_of_another_number_of_tracks_is_refused(movie: bytes) -> None:
    with pytest.raises(BoxDamaged):
        with_sync(movie, [0])
