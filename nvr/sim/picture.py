"""The picture of a simulated camera: motion, the camera's name, the UTC clock, and a code that carries the instant.

Pictures are planar YUV 4:2:0 (ITU-R BT.601, video range) in one array of shape (height * 3 / 2, width), the
layout that both OpenCV and PyAV call `yuv420p`: drawn without any colour conversion.

The code is a strip of two rows of 32 squares at the top: 52 bits of UTC microseconds, then 12 bits of CRC, most
significant bit first, white for one. A square is width/32 pixels, so the code survives scaling, and a low
bitrate, since a flat square is what a block transform keeps longest.
"""

import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]

_COLUMNS: Final = 32
_ROWS: Final = 2
_INSTANT_BITS: Final = 52
_CHECK_BITS: Final = 12
_BLACK: Final = 16
_WHITE: Final = 235
_SURE_BLACK: Final = 104
_SURE_WHITE: Final = 152
_GREY_CHROMA: Final = 128

_GRAIN_MARGIN: Final = 64
_GRAIN_DEPTH: Final = 14
"""Luma of the film grain: what makes the encoder fill the bitrate that it was given."""

_PAN_PERIOD_US: Final = 20_000_000
_BALL_PERIOD_US: Final = 4_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
_CLOCK_SAMPLE: Final = "0000-00-00 00:00:00.000 UTC"


class Painter:
    """Draws the pictures of one camera into an array of its own: a picture is valid until the next `draw`."""

    def __init__(self, *, name: str, width: int, height: int) -> None:
        self._name = name
        self._width = width
        self._height = height
        self._scene, self._chroma = _scene(width, height)
        self._grain = _grain(width, height)
        self._picture: Picture = np.empty((height * 3 // 2, width), np.uint8)
        (text_width, text_height), _ = cv2.getTextSize(_CLOCK_SAMPLE, _FONT, 1.0, 1)
        self._clock_scale = min(width * 0.92 / text_width, height * 0.2 / text_height)
        self._stroke = max(1, round(self._clock_scale))

    def draw(self, instant_utc_us: int) -> Picture:
        """The picture of this instant; the same instant gives the same picture."""
        luma = self._picture[: self._height]
        self._draw_scene(luma, instant_utc_us)
        when = _EPOCH + timedelta(microseconds=instant_utc_us)
        clock = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} UTC"
        self._draw_label(luma, clock, at=0.42, scale=self._clock_scale)
        self._draw_label(luma, self._name, at=0.92, scale=self._clock_scale * 0.8)
        write_instant(luma, instant_utc_us)
        return self._picture

    def _draw_scene(self, luma: Picture, instant_utc_us: int) -> None:
        width, height = self._width, self._height
        pan = instant_utc_us % _PAN_PERIOD_US * (width // 2) // _PAN_PERIOD_US
        # Multiplicative hashing: successive instants take unrelated parts of the grain, without a generator's state.
        spread = instant_utc_us // 1000 * 2_654_435_761
        top, left = spread >> 8 & (_GRAIN_MARGIN - 1), spread >> 16 & (_GRAIN_MARGIN - 1)
        grain = self._grain[top : top + height, left : left + width]
        cv2.add(self._scene[:, 2 * pan : 2 * pan + width], grain, dst=luma)
        planes = self._picture[height:].reshape(2, height // 2, width // 2)
        planes[:] = self._chroma[:, :, pan : pan + width // 2]
        turn = instant_utc_us % _BALL_PERIOD_US / _BALL_PERIOD_US * 2 * np.pi
        centre = (int(width * (0.5 + 0.4 * np.cos(turn))), int(height * (0.65 + 0.2 * np.sin(turn))))
        cv2.circle(luma, centre, height // 12, 220, thickness=-1)

    def _draw_label(self, luma: Picture, text: str, *, at: float, scale: float) -> None:
        (text_width, text_height), descent = cv2.getTextSize(text, _FONT, scale, self._stroke)
        left, baseline = max(0, (self._width - text_width) // 2), int(self._height * at)
        luma[max(0, baseline - text_height - descent) : baseline + descent, left : left + text_width] = _BLACK
        cv2.putText(luma, text, (left, baseline), _FONT, scale, _WHITE, self._stroke, cv2.LINE_AA)


def write_instant(luma: Picture, instant_utc_us: int) -> None:
    """Draw the code of this instant over the top of a luma plane, in place.

    Raises:
        ValueError: the instant does not fit 52 bits (it lies before 1970 or after 2112).
    """
    if not 0 <= instant_utc_us < 1 << _INSTANT_BITS:
        raise ValueError(f"instant outside 52 bits: {instant_utc_us}")
    word = instant_utc_us << _CHECK_BITS | _check(instant_utc_us)
    bits = np.array([word >> shift & 1 for shift in range(_ROWS * _COLUMNS - 1, -1, -1)], np.uint8)
    cell = luma.shape[1] // _COLUMNS
    squares = np.where(bits.reshape(_ROWS, _COLUMNS) == 1, np.uint8(_WHITE), np.uint8(_BLACK))
    luma[: _ROWS * cell] = _BLACK
    luma[: _ROWS * cell, : _COLUMNS * cell] = squares.repeat(cell, axis=0).repeat(cell, axis=1)


def read_instant_utc_us(frame: NDArray[Any]) -> int | None:
    """The instant that a picture carries, in UTC microseconds; None when no code stands there or it is damaged.

    Takes what a decoder gives, 8 bits deep: grey or `yuv420p` in two dimensions, RGB or BGR in three.
    """
    cell = frame.shape[1] // _COLUMNS
    if cell == 0 or frame.shape[0] < _ROWS * cell:
        return None
    strip = frame[: _ROWS * cell, : _COLUMNS * cell]
    grey = strip if strip.ndim == 2 else strip.mean(axis=2)  # noqa: PLR2004 -- the dimensions of a plane
    squares = grey.reshape(_ROWS, cell, _COLUMNS, cell)
    # The rim of a square is where the codec rings: its middle half is read.
    rim = cell // 4
    levels = squares[:, rim : cell - rim, :, rim : cell - rim].mean(axis=(1, 3)).ravel()
    if bool(np.any((levels > _SURE_BLACK) & (levels < _SURE_WHITE))):
        return None
    word = int("".join("1" if level >= _SURE_WHITE else "0" for level in levels), 2)
    instant = word >> _CHECK_BITS
    return instant if word & (1 << _CHECK_BITS) - 1 == _check(instant) else None


def _check(instant_utc_us: int) -> int:
    # Inverted, so that a black strip is not the code of 1970.
    return ~zlib.crc32(instant_utc_us.to_bytes(7, "big")) & (1 << _CHECK_BITS) - 1


@lru_cache(maxsize=8)
def _scene(width: int, height: int) -> tuple[Picture, Picture]:
    """A luma plane and the two chroma planes, twice as wide as the picture and seamless: the camera pans over them."""
    rng = np.random.default_rng(width * 10_000 + height)
    texture = cv2.GaussianBlur(rng.integers(0, 255, (height, width), np.uint8), (0, 0), 3)
    across = np.sin(np.arange(width) / width * 6 * np.pi)[None, :]
    down = np.sin(np.arange(height) / height * 4 * np.pi)[:, None]
    luma = np.clip(90 + 30 * across + 20 * down + 2.0 * (texture.astype(np.float64) - 127), _BLACK + 8, 200)
    chroma = np.stack([_GREY_CHROMA + 24 * across + 0 * down, _GREY_CHROMA + 0 * across + 24 * down])[:, ::2, ::2]
    return np.tile(luma.astype(np.uint8), (1, 2)), np.tile(chroma.astype(np.uint8), (1, 1, 2))


@lru_cache(maxsize=8)
def _grain(width: int, height: int) -> Picture:
    rng = np.random.default_rng(1)
    return rng.integers(0, _GRAIN_DEPTH, (height + _GRAIN_MARGIN, width + _GRAIN_MARGIN), np.uint8)
