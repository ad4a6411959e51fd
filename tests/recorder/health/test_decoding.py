import av
import numpy as np
import pytest

from recorder.health.decoding import planes_of
from tests.recorder.health.scenes import HEIGHT, WIDTH, street
from tests.recorder.health.tasks import key_frame, task


@pytest.mark.parametrize("codec", ["avc1.64001f", "hvc1.1.6.L93.B0", "mp4v.6C"])
def test_key_frame_comes_out_as_the_picture_that_went_in(codec: str) -> None:
    planes = planes_of(task(codec))
    assert planes is not None
    luma, chroma = planes
    assert luma.shape == (HEIGHT, WIDTH)
    assert [plane.shape for plane in chroma] == [(HEIGHT // 2, WIDTH // 2)] * 2
    assert float(np.abs(luma.astype(int) - street()).mean()) < 8
    assert abs(float(chroma[0].mean()) - 140) < 2


def test_ten_bits_are_brought_down_to_eight() -> None:
    _, unit = key_frame("hvc1.1.6.L93.B0", "yuv420p10le")
    planes = planes_of(task("hvc1.1.6.L93.B0", unit=unit))
    assert planes is not None
    assert planes[0].dtype == np.uint8
    assert float(np.abs(planes[0].astype(int) - street()).mean()) < 8


@pytest.mark.parametrize("unit", [b"", b"\0", b"\xff" * 5000, b"\0\0\0\1\x65" + bytes(200)])
def test_what_is_no_picture_gives_none(unit: bytes) -> None:
    assert planes_of(task(unit=unit)) is None


def test_torn_picture_ends_nothing() -> None:
    whole = task().unit
    for size in range(1, len(whole), len(whole) // 40):
        planes_of(task(unit=whole[:size]))


def test_unknown_coding_gives_none() -> None:
    assert planes_of(task(codec="avc1.64001f", unit=task().unit)) is not None
    assert planes_of(task(codec="avc1.64001f").__class__("mp4v.20.9", b"", task().unit, [], [])) is None


def test_decoders_own_messages_stay_off() -> None:
    """A line of FFmpeg's log could tell of what a camera sent; PyAV leaves it off, and nobody here turns it on."""
    assert av.logging.get_level() is None
