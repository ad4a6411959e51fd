"""A decoded picture to scores. Pure; runs in the looking process alone, the only part that sees pictures.

All is worked out on brightness, reduced to 640 columns or less. The scores are chosen so that light does not decide:
sharpness is a quotient of two gradients of the same edges, a profile is scaled by its own greatest value.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.health.looks import COLUMNS, MILLE, ROWS, Look

Plane: TypeAlias = NDArray[np.uint8]
_Real: TypeAlias = NDArray[np.floating[Any]]

_WIDTH: Final = 640
_SQUARE: Final = 20
"""Of the 640 columns, the side of a square that is flat or not."""
_FLAT: Final = 2.5
"""Standard deviation of brightness: below, after smoothing away noise, a square is flat."""
_EDGES: Final = 0.98
"""The share of pixels below the strongest edges; the same for the bright ones."""
_FINE: Final = 1.0
_COARSE: Final = 3.0
_WINDOW: Final = 21
"""Of a profile's values: slower changes along it, of light and haze, are taken off."""
_SWAY: Final = 0.015
"""A mast in the wind: a profile may lie so much of its length aside and is the same."""
_U16: Final = 65_535
_GREY: Final = 128
_TINY: Final = 1e-3


def look_at(luma: Plane, chroma: Sequence[Plane], recent: Sequence[bytes], references: Sequence[bytes]) -> Look:
    """The scores of a picture: its brightness and colour, profiles of the looks before, and references."""
    reduced = _reduced(luma)
    profile = _profile(luma)
    before = [_values(each) for each in recent]
    usual = np.median([profile, *before], axis=0)
    return Look(
        luma=int(reduced.mean()),
        bright=int(_quantile(reduced, _EDGES)),
        colour=_colour(chroma),
        sharpness=_sharpness(reduced),
        detail=_detail(reduced),
        profile=profile.tobytes(),
        matches=tuple(_match(usual, _values(each)) for each in references),
        change=_change(profile, before[0]) if before else None,
    )


def _reduced(luma: Plane) -> Plane:
    height, width = luma.shape
    if width <= _WIDTH:
        return luma
    size = (_WIDTH, max(1, height * _WIDTH // width))
    return cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _colour(chroma: Sequence[Plane]) -> int:
    if not chroma:
        return 0
    return int(np.mean([np.abs(plane[::4, ::4].astype(np.int16) - _GREY).mean() for plane in chroma]))


def _gradient(picture: Plane, sigma: float) -> _Real:
    smooth = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.float32)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _sharpness(picture: Plane) -> int:
    """Blurred once more, a sharp edge loses most of its slope, a blurred one little (Crete et al., 2007)."""
    fine, coarse = _gradient(picture, _FINE), _gradient(picture, _COARSE)
    edges = coarse >= _quantile(coarse, _EDGES)
    kept = float(coarse[edges].mean()) / (float(fine[edges].mean()) + _TINY)
    return _mille(1 - kept, least=0)


def _detail(picture: Plane) -> int:
    smooth = cv2.GaussianBlur(picture, (0, 0), 2)
    rows, columns = (max(1, side // _SQUARE) for side in smooth.shape)
    whole = smooth[: rows * _SQUARE, : columns * _SQUARE].astype(np.float32)
    high, wide = whole.shape[0] // rows, whole.shape[1] // columns
    squares = whole[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    return _mille(float((squares.std(axis=(1, 3)) > _FLAT).mean()), least=0)


def _profile(luma: Plane) -> NDArray[np.uint16]:
    """Sums of edge strength along columns, then along rows, of the picture at 160 x 90."""
    small = cv2.GaussianBlur(cv2.resize(luma, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), (0, 0), 1)
    smooth = small.astype(np.float32)
    upright = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0)).mean(axis=0)
    level = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 0, 1)).mean(axis=1)
    scaled = [np.sqrt(sums / (sums.max() + _TINY)) for sums in (upright, level)]
    return np.round(np.concatenate(scaled) * _U16).astype(np.uint16)


def _values(profile: bytes) -> NDArray[np.uint16]:
    return np.frombuffer(profile, dtype=np.uint16)


def _match(one: NDArray[Any], other: NDArray[Any]) -> int:
    """How well both parts of two profiles correlate, the worse of the two; 1000 is the same."""
    parts = (slice(0, COLUMNS), slice(COLUMNS, None))
    return _mille(min(_correlation(_flattened(one[part]), _flattened(other[part])) for part in parts), least=-1)


def _flattened(values: NDArray[Any]) -> _Real:
    padded = np.pad(values.astype(np.float64), _WINDOW // 2, mode="edge")
    slow = np.convolve(padded, np.full(_WINDOW, 1 / _WINDOW), "valid")
    return np.asarray(values - slow, np.float64)


def _correlation(one: _Real, other: _Real) -> float:
    sway = round(len(one) * _SWAY)
    return max(_aligned(one, other, aside) for aside in range(-sway, sway + 1))


def _aligned(one: _Real, other: _Real, aside: int) -> float:
    ours = one[max(0, aside) : len(one) + min(0, aside)]
    theirs = other[max(0, -aside) : len(other) + min(0, -aside)]
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    norm = float(np.sqrt((ours * ours).sum() * (theirs * theirs).sum()))
    return float((ours * theirs).sum()) / norm if norm > 1 else 0.0


def _change(one: NDArray[np.uint16], other: NDArray[np.uint16]) -> int:
    """Mean difference of two profiles, in parts of their mean; less than one part in a thousand counts as one."""
    apart = float(np.abs(one.astype(np.float64) - other).mean())
    share = apart / (float(other.mean()) + _TINY)
    return max(_mille(share, least=0), int(apart > 0))


def _quantile(values: NDArray[Any], share: float) -> float:
    """Of every fourth pixel: near enough."""
    flat = values[::2, ::2].ravel()
    at = min(int(flat.size * share), flat.size - 1)
    return float(np.partition(flat, at)[at])


def _mille(share: float, *, least: int) -> int:
    return round(MILLE * min(1.0, max(float(least), share)))
