"""What a move is: a dome that leaves the place where it is to stand (docs/design/domes.md "What a move is"). Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from config.ptz import ANYTHING
from nvr.base.units import US_PER_SECOND, UtcUs
from recorder.ptz.position import Position

SETTLE_US: Final = 5 * US_PER_SECOND
"""A dome that stands still for so long has arrived; tours stop longer at their presets."""
TRANSIT_US: Final = 60 * US_PER_SECOND
"""Between two expected presets; slow domes take half of it for a whole turn."""
_SURE: Final = 2
"""So many observations in a row must be elsewhere: a single one may be a slip of the motor, or of the answer."""


class DomeState(StrEnum):
    """Where a dome stands, as screens say it: never an angle."""

    PRESET = "preset"
    STANDING = "standing"
    """Still, at no preset."""
    MOVING = "moving"
    AWAY = "away"
    """Elsewhere than expected."""
    UNKNOWN = "unknown"
    """It does not answer, or does not tell where it looks."""


@dataclass(frozen=True, slots=True)
class Left:
    """It left its place, where it was last seen then."""

    from_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class Back:
    """It is in place again."""

    to_utc_us: UtcUs


Step: TypeAlias = Left | Back


class Watch:
    """Follows one dome; `observe` each observation in the order of time, and tell what comes of it.

    `expected` are the presets at which it may stand: none (it is to stay where it stands still), some, or ANYTHING.
    """

    def __init__(self, expected: Collection[str]) -> None:
        self.state = DomeState.UNKNOWN
        self._expected = frozenset(expected)
        self._last: Position | None = None
        self._place: Position | None = None
        self._preset: str | None = None
        self._in_place_utc_us: UtcUs | None = None
        self._still_utc_us: UtcUs | None = None
        self._elsewhere = 0
        self._told = False

    @property
    def is_moving(self) -> bool:
        """Whether it was on its way when it was seen last."""
        return self._last is not None and self._still_utc_us is None

    def observe(self, t_utc_us: UtcUs, position: Position, preset: str | None, *, moving: bool | None) -> list[Step]:
        """The next observation; `moving` is None where the dome does not say."""
        is_still = self._stands(t_utc_us, position, moving=moving)
        steps: list[Step] = []
        if not self._expected:
            steps = self._by_place(t_utc_us, position)
        elif ANYTHING not in self._expected and position.is_known:
            steps = self._by_presets(t_utc_us, preset)
        self.state = self._state(position, preset, is_still=is_still, moving=moving)
        return steps

    def lost(self) -> None:
        """It does not answer."""
        self.state = DomeState.UNKNOWN

    def _stands(self, t_utc_us: UtcUs, position: Position, *, moving: bool | None) -> bool:
        """Whether it stands still, and since when; the first observation says so only where the dome does."""
        before, self._last = self._last, position
        same = moving is False if before is None else position.is_near(before)
        if moving is True or not same:
            self._still_utc_us = None
        elif self._still_utc_us is None:
            self._still_utc_us = t_utc_us
        return self._still_utc_us is not None

    def _by_presets(self, t_utc_us: UtcUs, preset: str | None) -> list[Step]:
        if preset not in self._expected:
            since = self._in_place_utc_us = t_utc_us if self._in_place_utc_us is None else self._in_place_utc_us
            has_arrived = self._still_utc_us is not None and t_utc_us - self._still_utc_us >= SETTLE_US
            allowed = len(self._expected) > 1 and not has_arrived and t_utc_us - since <= TRANSIT_US
            return self._seen_elsewhere(since, tell=not allowed)
        is_tour_step = len(self._expected) > 1 and preset != self._preset
        steps: list[Step] = []
        if self._elsewhere >= _SURE and not self._told and not is_tour_step and self._in_place_utc_us is not None:
            steps = [Left(self._in_place_utc_us), Back(t_utc_us)]
        elif self._told:
            steps = [Back(t_utc_us)]
        self._preset = preset
        self._settle(t_utc_us)
        return steps

    def _by_place(self, t_utc_us: UtcUs, position: Position) -> list[Step]:
        is_still = self._still_utc_us is not None
        if self._place is None or self._in_place_utc_us is None:
            if is_still:
                self._place = position
                self._settle(t_utc_us)
            return []
        if position.is_near(self._place) and is_still:
            steps: list[Step] = [Back(t_utc_us)] if self._told else []
            self._settle(t_utc_us)
            return steps
        if self._told and self._still_utc_us is not None and t_utc_us - self._still_utc_us >= SETTLE_US:
            self._place = position
            back = Back(self._still_utc_us)
            self._settle(t_utc_us)
            return [back]
        return self._seen_elsewhere(self._in_place_utc_us, tell=True)

    def _seen_elsewhere(self, since_utc_us: UtcUs, *, tell: bool) -> list[Step]:
        self._elsewhere += 1
        if self._told or not tell or self._elsewhere < _SURE:
            return []
        self._told = True
        return [Left(since_utc_us)]

    def _settle(self, t_utc_us: UtcUs) -> None:
        self._in_place_utc_us = t_utc_us
        self._elsewhere = 0
        self._told = False

    def _state(self, position: Position, preset: str | None, *, is_still: bool, moving: bool | None) -> DomeState:
        if self._told and self._expected:
            return DomeState.AWAY
        if not position.is_known and moving is None:
            return DomeState.UNKNOWN
        if not is_still:
            return DomeState.MOVING
        return DomeState.STANDING if preset is None else DomeState.PRESET
