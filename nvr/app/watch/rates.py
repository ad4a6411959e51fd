"""How many pictures a second are really recorded, from what recorders count. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nvr.base.units import US_PER_SECOND

_WINDOW_US: Final = 600 * US_PER_SECOND
_LEAST_US: Final = 300 * US_PER_SECOND
"""Pictures are counted when their group is written, and a group may last for minutes where nothing moves."""

_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """What a camera's recording has been within the last minutes: picture size, pictures a second in thousandths."""

    width: int
    height: int
    fps_milli: int


class Rates:
    """Follows the counters of each camera; what was measured begins anew with its recording, and with its size."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[tuple[int, int]]] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def note(self, states: Iterable[Mapping[str, Any]], now_us: int) -> None:
        """One look, at `now_us` of a clock that never steps; a state without counters is left out."""
        seen = {str(each.get("camera")): each for each in states if each.get("state") == "recording"}
        for camera in self._counts.keys() - seen.keys():
            del self._counts[camera]
        for camera, state in seen.items():
            width, height, frames = (state.get(key) for key in ("width", "height", "frames"))
            if type(width) is int and type(height) is int and type(frames) is int and width and height:
                self._count(camera, (width, height), now_us, frames)

    def of_now(self) -> dict[str, Rate]:
        """The cameras that have been recorded without a break for long enough."""
        found = {}
        for camera, counts in self._counts.items():
            (first_us, first), (last_us, last) = counts[0], counts[-1]
            if last_us - first_us >= _LEAST_US:
                fps_milli = (last - first) * US_PER_SECOND * _MILLI // (last_us - first_us)
                found[camera] = Rate(*self._sizes[camera], fps_milli)
        return found

    def _count(self, camera: str, size: tuple[int, int], now_us: int, frames: int) -> None:
        counts = self._counts.setdefault(camera, deque())
        if counts and (frames < counts[-1][1] or self._sizes[camera] != size):
            counts.clear()
        self._sizes[camera] = size
        counts.append((now_us, frames))
        while counts[-1][0] - counts[0][0] > _WINDOW_US:
            counts.popleft()
