"""Pictures of Motion JPEG, one by one."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable, Cause
from recorder.mjpeg import MjpegPictures
from storage.buffers import BufferPool
from storage.records import CodecConfig, RandomAccess


class Told:
    """What was told of each picture, with its bytes taken as a record would."""

    def __init__(self) -> None:
        self.pictures = MjpegPictures(self, BufferPool())
        self.told: list[tuple[int, int, RandomAccess, int, bool]] = []
        self.stored: list[bytes] = []

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:
        self.told.append((timestamp, size, random_access, lost, joins))
        if len(self.told) % 3 == 0:  # a record ends before the picture that is being told
            self.stored.append(bytes(self.pictures.take(size)))

    def source_changed(self) -> None:
        raise AssertionError

    def take(self, *pictures: bytes, lost: Sequence[int] = ()) -> bytes:
        for number, data in enumerate(pictures):
            self.pictures.access_unit([memoryview(data)], number, lost[number] if lost else 0)
        self.stored.append(bytes(self.pictures.take(0)))
        return b"".join(self.stored)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def jpeg(
    width: int = 640, height: int = 480, *, scan: bytes = b"scan", frame: int = 0xC0, bits: int = 8, extra: bytes = b""
) -> bytes:
    head = segment(frame, bytes([bits]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\1\1\x11\0")
    return b"\xff\xd8" + extra + segment(0xDB, bytes(65)) + head + segment(0xDA, b"\1\1\0\0\x3f\0") + scan + b"\xff\xd9"


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=12))
def test_pictures_are_kept_byte_for_byte_with_what_the_camera_wrote_beside_them(comments: list[bytes]) -> None:
    pictures = [jpeg(extra=segment(0xE1, b"\xff\xd9" + each) + segment(0xFE, each)) for each in comments]
    told = Told()
    assert told.take(*pictures) == b"".join(pictures)
    assert told.told == [(number, len(data), RandomAccess.IDR, 0, False) for number, data in enumerate(pictures)]


def test_size_comes_from_the_picture_and_a_new_one_is_another_configuration() -> None:
    told = Told()
    told.take(jpeg(), jpeg())
    first = told.pictures.config
    assert first == CodecConfig("mp4v.6C", b"", 640, 480)
    told.take(jpeg())
    assert told.pictures.config is first
    told.take(jpeg(1280, 720))
    assert told.pictures.config == CodecConfig("mp4v.6C", b"", 1280, 720)


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"HTTP/1.1 500",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + segment(0xDA, b"\0"),  # a scan of no frame
        jpeg(width=0),
        jpeg(height=0),
        jpeg(width=20_000),
        jpeg(bits=12),
        jpeg()[:30],
    ],
)
def test_what_is_no_picture_is_counted_with_the_next_and_not_kept(noise: bytes) -> None:
    told = Told()
    assert told.take(noise, jpeg()) == jpeg()
    assert [lost for _, _, _, lost, _ in told.told] == [1]


def test_picture_whose_end_is_missing_is_kept_and_counted_once() -> None:
    cut = jpeg(scan=b"x" * 50)[:-20]
    told = Told()
    assert told.take(cut, cut, jpeg(), lost=(0, 1, 0)) == cut + cut + jpeg()
    assert [lost for _, _, _, lost, _ in told.told] == [1, 1, 0]


def test_zero_bytes_behind_a_picture_are_no_damage() -> None:
    told = Told()
    told.take(jpeg() + bytes(30))
    assert told.told[0][3] == 0


def test_fill_bytes_before_a_marker_are_passed_over() -> None:
    told = Told()
    told.take(jpeg(extra=b"\xff\xff\xff" + segment(0xFE, b"x")[1:]))
    assert len(told.told) == 1


@pytest.mark.parametrize("frame", [0xC3, 0xC9, 0xCF])
def test_coding_that_players_do_not_know_is_named(frame: int) -> None:
    with pytest.raises(CameraUnreachable) as caught:
        Told().take(jpeg(frame=frame))
    assert caught.value.cause is Cause.UNSUPPORTED_CODEC


def test_pictures_that_nobody_takes_are_bounded() -> None:
    told = Told()
    with pytest.raises(CameraUnreachable, match="access-unit-size"):
        told.pictures.access_unit([memoryview(jpeg(scan=bytes(17 << 20)))], 0, 0)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_picture_or_lost(data: bytes, begins: bool) -> None:
    told = Told()
    try:
        kept = told.take(b"\xff\xd8" + data if begins else data)
    except CameraUnreachable as error:
        assert error.cause is Cause.UNSUPPORTED_CODEC  # noqa: PT017 -- the other outcome is below
        return
    assert len(kept) == sum(size for _, size, *_ in told.told)
    assert (told.pictures.config is None) == (not told.told)
