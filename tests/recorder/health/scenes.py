"""Pictures of a made-up street, and looks at them, for tests of camera health."""

import numpy as np
from numpy.typing import NDArray

from recorder.health.looks import Look
from recorder.health.scoring import look_at

Plane = NDArray[np.uint8]
COLOUR: Plane = np.full((90, 160), 140, np.uint8)
WIDTH, HEIGHT = 640, 360


def street(seed: int = 1, *, noise: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Plane:
    """Houses and windows as rectangles of chance; the same seed gives the same street, `noise` other grain in it."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width), 110, np.int16)
    for _ in range(60):
        x, y = rng.integers(0, width), rng.integers(0, height)
        wide, high = rng.integers(10, width // 6), rng.integers(10, height // 4)
        picture[y : y + high, x : x + wide] = rng.integers(40, 220)
    grain = np.random.default_rng(noise).normal(0, 2, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def look(
    picture: Plane, recent: list[bytes] | None = None, references: list[bytes] | None = None, colour: Plane = COLOUR
) -> Look:
    return look_at(picture, [colour], recent or [], references or [])
