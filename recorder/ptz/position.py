"""Positions of a dome: what it tells becomes integers (docs/design/domes.md "The observation"). Pure."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

_SPACES: Final = "http://www.onvif.org/ver10/tptz"
PAN_TILT_GENERIC: Final = f"{_SPACES}/PanTiltSpaces/PositionGenericSpace"
PAN_TILT_DEGREES: Final = f"{_SPACES}/PanTiltSpaces/SphericalPositionSpaceDegrees"
ZOOM_GENERIC: Final = f"{_SPACES}/ZoomSpaces/PositionGenericSpace"

_MILLI: Final = 1000
_MOST: Final = 1000.0
"""No angle, and no place in a normalised space, is beyond this."""
_ROUND_MDEG: Final = 360_000
_NEAR_ZOOM_MILLI: Final = 20

Range: TypeAlias = tuple[float, float]
"""Least and largest value."""


class Kind(StrEnum):
    """How the numbers of a position are to be read; the key `k` of an observation."""

    DEGREES = "ptz"
    """Pan and tilt in thousandths of a degree."""
    GENERIC = "ptz-generic"
    """Pan and tilt in thousandths of ONVIF's generic space: the dome does not say what these are in degrees."""


_NEAR: Final = {Kind.DEGREES: 1_000, Kind.GENERIC: 5}
"""Two positions are the same place within this: preset positions are repeated to some tenths of a degree."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The range of pan and of tilt in one space."""

    pan: Range
    tilt: Range


@dataclass(frozen=True, slots=True)
class Spaces:
    """The spaces of absolute positions that a dome supports, with their ranges; None for one that it does not tell."""

    generic: Ranges | None = None
    degrees: Ranges | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a dome answers: pan and tilt, and zoom, each in the space named (empty: the generic one)."""

    pan_tilt: tuple[float, float] | None = None
    pan_tilt_space: str = ""
    zoom: float | None = None
    zoom_space: str = ""
    moving: bool | None = None
    """None: it does not say."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a dome looks; pan and tilt are known both or not at all."""

    kind: Kind
    pan: int | None
    tilt: int | None
    zoom_milli: int | None

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the direction."""
        return self.pan is not None and self.tilt is not None

    def is_near(self, other: "Position") -> bool:
        """Whether both are the same place, as far as both are known; degrees of pan go round."""
        return self.distance(other) is not None

    def distance(self, other: "Position") -> int | None:
        """How far apart pan and tilt are, the larger of the two; None when it is another place."""
        zooms = self.zoom_milli, other.zoom_milli
        if zooms[0] is not None and zooms[1] is not None and abs(zooms[0] - zooms[1]) > _NEAR_ZOOM_MILLI:
            return None
        if self.pan is None or self.tilt is None or other.pan is None or other.tilt is None:
            return 0
        if self.kind is not other.kind:
            return None
        pan = abs(self.pan - other.pan)
        if self.kind is Kind.DEGREES:
            pan = min(pan % _ROUND_MDEG, -pan % _ROUND_MDEG)
        apart = max(pan, abs(self.tilt - other.tilt))
        return apart if apart <= _NEAR[self.kind] else None


def position_of(reading: Reading, spaces: Spaces) -> Position:
    """The position in integers; what the dome does not tell, or tells in a space that is not known here, is None."""
    zoom_milli = _thousandths(reading.zoom) if reading.zoom_space in {"", ZOOM_GENERIC} else None
    kind, place = _pan_tilt(reading, spaces)
    pan, tilt = (None, None) if place is None else (_thousandths(place[0]), _thousandths(place[1]))
    if pan is None or tilt is None:
        return Position(kind, None, None, zoom_milli)
    return Position(kind, pan, tilt, zoom_milli)


def _pan_tilt(reading: Reading, spaces: Spaces) -> tuple[Kind, tuple[float, float] | None]:
    """Pan and tilt in degrees where the dome says how its generic space lies in them, else as it tells them."""
    generic, degrees = spaces.generic, spaces.degrees
    if reading.pan_tilt_space == PAN_TILT_DEGREES:
        return Kind.DEGREES, reading.pan_tilt
    if generic is None or degrees is None:
        return Kind.GENERIC, reading.pan_tilt if reading.pan_tilt_space in {"", PAN_TILT_GENERIC} else None
    if reading.pan_tilt is None or reading.pan_tilt_space not in {"", PAN_TILT_GENERIC}:
        return Kind.DEGREES, None
    pan, tilt = reading.pan_tilt
    return Kind.DEGREES, (_laid(pan, generic.pan, degrees.pan), _laid(tilt, generic.tilt, degrees.tilt))


def _laid(value: float, range_: Range, over: Range) -> float:
    """The value's place in one range as a place in the other; not a number where the first range is empty."""
    width = range_[1] - range_[0]
    return math.nan if not width > 0 else over[0] + (value - range_[0]) / width * (over[1] - over[0])


def _thousandths(value: float | None) -> int | None:
    if value is None or not abs(value) <= _MOST:  # not a number compares as False
        return None
    return round(value * _MILLI)
