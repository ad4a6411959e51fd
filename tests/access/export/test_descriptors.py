import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.boxes import BoxDamaged
from access.export.descriptors import demand_jpeg, jpeg_descriptor

GOOD = jpeg_descriptor()
# As FFmpeg writes it: lengths in four bytes, and the rates that it measured.
LONG = bytes.fromhex("038080801b00010004808080 0d6c11 000000 00012345 00012345 06808080 0102".replace(" ", ""))


@pytest.mark.parametrize("descriptor", [GOOD, LONG], ids=["ours", "ffmpeg's"])
def test_track_of_jpeg_is_known(descriptor: bytes) -> None:
    demand_jpeg(descriptor)


@pytest.mark.parametrize(
    "descriptor",
    [
        b"",
        GOOD + b"\0",
        GOOD + GOOD,
        GOOD[:-1],
        LONG.replace(b"\x6c\x11", b"\x20\x11"),  # MPEG-4 video
        LONG.replace(b"\x6c\x11", b"\x6c\x15"),  # sound
        LONG.replace(b"\x06\x80\x80\x80\x01\x02", b"\x05\x80\x80\x80\x01\x02"),  # a configuration
        b"\x03\xff\xff\xff\xff\xff",
    ],
)
def test_other_track_is_refused(descriptor: bytes) -> None:
    with pytest.raises(BoxDamaged):
        demand_jpeg(descriptor)


def test_decoder_configuration_has_no_place() -> None:
    configured = bytes.fromhex("0319000000 0412 6c11 0000000000000000000000 0503aabbcc".replace(" ", ""))
    with pytest.raises(BoxDamaged):
        demand_jpeg(configured + bytes.fromhex("060102"))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_jpeg_track_or_refused(data: bytes) -> None:
    try:
        demand_jpeg(data)
    except BoxDamaged:
        return
    assert b"\x6c\x11" in data
