"""One observation of a dome, and those that wait for the group of pictures with which they are sealed."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nvr.base.jcs import Json, canonical
from nvr.base.units import US_PER_SECOND, UtcUs
from recorder.ptz.position import Kind, Position

MOST_PENDING: Final = 64
"""Half a minute of a dome that moves: pictures wait at most as long before they are dated."""
OLDEST_US: Final = 10 * US_PER_SECOND
"""What was seen longer before the pictures says nothing of them."""
_MOST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Preset:
    """A place that the dome knows by a name; `position` is not known where the dome does not tell it."""

    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class Observation:
    """Where the dome said that it looked, at an instant of the server's clock."""

    t_utc_us: UtcUs
    position: Position
    preset: str | None

    def to_json(self) -> dict[str, Json]:
        """As it is sealed."""
        place = self.position
        unit = "mdeg" if place.kind is Kind.DEGREES else "milli"
        return {
            "k": place.kind.value,
            "t_utc_us": self.t_utc_us,
            f"pan_{unit}": place.pan,
            f"tilt_{unit}": place.tilt,
            "zoom_milli": place.zoom_milli,
            "preset": self.preset,
        }


class Pending:
    """Observations that are not sealed yet: at most MOST_PENDING. The event loop owns it.

    `sealed` counts those that went with pictures, `dropped` those that should have, and did not.
    """

    def __init__(self) -> None:
        self.sealed = 0
        self.dropped = 0
        self._taken = 0
        self._waiting: deque[Observation] = deque()

    def add(self, observation: Observation) -> None:
        """The next observation; of too many the oldest is dropped."""
        if len(self._waiting) == MOST_PENDING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(observation)

    def take(self, start_utc_us: UtcUs, end_utc_us: UtcUs) -> bytes:
        """What belongs to the pictures in [start, end), as it is sealed; empty for nothing.

        Of older observations only the newest, if it is not older than OLDEST_US: the others go with no picture. A
        clock that stepped back makes old ones look new; they wait until the bound drops them.
        """
        self._taken = 0
        if not self._waiting:
            return b""
        older = [each for each in self._waiting if start_utc_us - OLDEST_US <= each.t_utc_us < start_utc_us]
        inside = [each for each in self._waiting if start_utc_us <= each.t_utc_us < end_utc_us]
        self._waiting = deque(each for each in self._waiting if each.t_utc_us >= end_utc_us)
        taken = [*older[-1:], *inside]
        self._taken = len(taken)
        self.sealed += self._taken
        return canonical([each.to_json() for each in taken]) if taken else b""

    def refused(self) -> None:
        """Storage did not take the pictures with which the last ones went."""
        self.sealed -= self._taken
        self.dropped += self._taken
        self._taken = 0


def preset_at(position: Position, presets: Iterable[Preset]) -> str | None:
    """The name of the preset at whose position the dome stands; of several the nearest, None for none."""
    near = [
        (apart, preset.name)
        for preset in presets
        if preset.position.is_known and (apart := position.distance(preset.position)) is not None
    ]
    return min(near)[1] if near and position.is_known else None


def shown_name(name: str, token: str) -> str:
    """What people call a preset: its name, else its token; short, and without control characters."""
    plain = "".join(each for each in name if each.isprintable())[:_MOST_NAME].strip()
    return plain or "".join(each for each in token if each.isprintable())[:_MOST_NAME].strip()


def positions_by_name(presets: Sequence[Preset]) -> dict[str, Position]:
    """Where each preset is that says where it is."""
    return {preset.name: preset.position for preset in presets if preset.position.is_known}
