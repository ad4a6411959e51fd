import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.sim.picture import Painter, Picture, read_instant_utc_us, write_instant

NOW_UTC_US = 1_790_000_000_123_456


def _plane(width: int, height: int) -> Picture:
    return np.full((height, width), 128, np.uint8)


@given(instant=st.integers(0, 2**52 - 1), width=st.integers(160, 4096))
def test_every_instant_is_read_back_from_every_width(instant: int, width: int) -> None:
    plane = _plane(width, width // 2)
    write_instant(plane, instant)
    assert read_instant_utc_us(plane) == instant


@pytest.mark.parametrize("instant", [-1, 2**52])
def test_instant_beyond_the_code_is_refused(instant: int) -> None:
    with pytest.raises(ValueError, match="52 bits"):
        write_instant(_plane(640, 360), instant)


@given(square=st.integers(0, 63), instant=st.integers(0, 2**52 - 1))
def test_one_square_turned_over_is_noticed(square: int, instant: int) -> None:
    plane = _plane(320, 180)
    write_instant(plane, instant)
    row, column = divmod(square, 32)
    cell = plane[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10]
    cell[:] = 251 - cell
    assert read_instant_utc_us(plane) is None


@pytest.mark.parametrize("level", [0, 16, 128, 235, 255])
def test_flat_picture_carries_no_instant(level: int) -> None:
    assert read_instant_utc_us(np.full((360, 640), level, np.uint8)) is None


def test_noise_carries_no_instant() -> None:
    rng = np.random.default_rng(7)
    assert read_instant_utc_us(rng.integers(0, 255, (360, 640, 3), np.uint8)) is None


def test_picture_smaller_than_the_code_carries_no_instant() -> None:
    assert read_instant_utc_us(_plane(31, 20)) is None
    assert read_instant_utc_us(_plane(640, 39)) is None


@pytest.mark.parametrize("size", [(320, 180), (960, 540), (1280, 720)])
def test_instant_survives_scaling(size: tuple[int, int]) -> None:
    picture = Painter(name="cam1", width=640, height=360).draw(NOW_UTC_US)
    scaled = cv2.resize(picture[:360], size, interpolation=cv2.INTER_AREA)
    assert read_instant_utc_us(scaled) == NOW_UTC_US


@pytest.mark.parametrize("conversion", [cv2.COLOR_YUV2BGR_I420, cv2.COLOR_YUV2RGB_I420, cv2.COLOR_YUV2GRAY_I420])
def test_instant_is_read_from_colour_and_from_grey(conversion: int) -> None:
    picture = Painter(name="cam1", width=640, height=360).draw(NOW_UTC_US)
    assert read_instant_utc_us(picture) == NOW_UTC_US
    assert read_instant_utc_us(cv2.cvtColor(picture, conversion)) == NOW_UTC_US


def test_same_instant_gives_the_same_picture_whatever_was_drawn_before() -> None:
    painter = Painter(name="cam1", width=320, height=180)
    first = painter.draw(NOW_UTC_US).copy()
    painter.draw(NOW_UTC_US + 1_000_000)
    assert np.array_equal(painter.draw(NOW_UTC_US), first)


def test_scene_moves_below_code_and_labels() -> None:
    painter = Painter(name="cam1", width=320, height=180)
    first = cv2.GaussianBlur(painter.draw(NOW_UTC_US)[:180].astype(np.float64), (0, 0), 2)
    second = cv2.GaussianBlur(painter.draw(NOW_UTC_US + 1_000_000)[:180].astype(np.float64), (0, 0), 2)
    between_labels = slice(90, 140)
    assert np.abs(first - second)[between_labels].max() > 20


def test_clock_and_name_are_drawn() -> None:
    one = Painter(name="cam1", width=640, height=360).draw(NOW_UTC_US).astype(np.int16)
    other = Painter(name="cam2", width=640, height=360).draw(NOW_UTC_US).astype(np.int16)
    rows = np.flatnonzero((one != other).any(axis=1))
    assert rows.min() > 360 * 0.8
    assert rows.max() < 360
