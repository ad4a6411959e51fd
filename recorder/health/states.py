"""From scores to what is wrong with a camera's picture, minutes later: with hysteresis, against references. Pure.

A reference says how a camera's picture is when nothing is wrong, apart for day and for night. It is learnt from looks
that agree with one another, follows slowly what changes slowly, and follows nothing while something seems wrong.
"""

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from recorder.health.looks import RECENT, Look

LEARNING_LOOKS: Final = 5
"""So many looks that agree make a reference."""
_SLOW: Final = 512
"""A reference takes this part of what each look differs: at one a minute it follows by two thirds in half a day."""
_NIGHT_LUMA: Final = 60
_NIGHT_COLOUR: Final = 2
"""Cameras show grey once they light by infrared."""
_PERCENT: Final = 100
_MILLE_PER_PERCENT: Final = 10
_SCALE: Final = 64
"""Means of small numbers are kept so much larger: a slow mean of integers would stand still."""


class Fault(StrEnum):
    """What may be wrong with a picture."""

    DARK = "dark"
    """Nothing in it is bright: a lamp is out, or the lens is behind something black."""
    COVERED = "covered"
    """Nearly all detail is gone, and what is left is not of this view."""
    BLURRED = "blurred"
    """The edges are not what they were."""
    MOVED = "moved"
    """A picture of something else."""
    FROZEN = "frozen"
    """The same picture again and again."""


class Light(StrEnum):
    """By which light a reference was learnt."""

    DAY = "day"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a look counts against a camera; measured in docs/design/health.md."""

    dark_luma: int = 45
    covered_percent: int = 25
    """Of the reference's detail."""
    blurred_percent: int = 70
    """Of the reference's sharpness."""
    moved_percent: int = 50
    """Of a perfect match with the reference."""
    frozen_mille: int = 3
    looks: int = 3
    """So many in a row begin a fault, and so many end it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """How the picture is when nothing is wrong: a mean of looks. Complete after LEARNING_LOOKS."""

    looks: int
    profile: bytes
    sharpness_64: int
    """Per mille, times 64; so is `detail_64`."""
    detail_64: int

    @classmethod
    def of(cls, look: Look) -> "Reference":
        """The first look."""
        return cls(1, look.profile, look.sharpness * _SCALE, look.detail * _SCALE)

    @property
    def complete(self) -> bool:
        """Whether it was learnt."""
        return self.looks >= LEARNING_LOOKS

    def with_look(self, look: Look) -> "Reference":
        """The mean with one more look; once complete, it follows slowly."""
        parts = _SLOW if self.complete else self.looks + 1
        ours, theirs = array("H", self.profile), array("H", look.profile)
        mean = array("H", (_nearer(old, new, parts) for old, new in zip(ours, theirs, strict=True)))
        return Reference(
            looks=min(self.looks + 1, LEARNING_LOOKS),
            profile=mean.tobytes(),
            sharpness_64=_nearer(self.sharpness_64, look.sharpness * _SCALE, parts),
            detail_64=_nearer(self.detail_64, look.detail * _SCALE, parts),
        )


def _nearer(old: int, new: int, parts: int) -> int:
    """From `old` a part of the way to `new`, rounded towards `old`: rounding down would drift."""
    way = new - old
    return old + (way // parts if way >= 0 else -(-way // parts))


@dataclass(frozen=True, slots=True)
class _Count:
    holds: bool = False
    against: int = 0

    def take(self, verdict: bool | None, looks: int) -> "_Count":  # noqa: FBT001 -- a verdict is one value of three
        """After one more look; None says nothing."""
        if verdict is None:
            return self
        if verdict is self.holds:
            return replace(self, against=0)
        return _Count(holds=verdict) if self.against + 1 >= looks else replace(self, against=self.against + 1)


class Watched:
    """The health of one camera's picture: `take` each look in its order. The event loop owns it.

    `references` are what is left of earlier looks; who keeps them hands them back in. A camera whose aim nobody knows,
    a dome, is made with `aimed` false: it is compared with nothing, so that only darkness and stillness are told.
    """

    def __init__(
        self, thresholds: Thresholds, references: Mapping[Light, Reference] | None = None, *, aimed: bool = True
    ) -> None:
        self.references: dict[Light, Reference] = dict(references or {})
        self._aimed = aimed
        self.recent: deque[bytes] = deque(maxlen=RECENT)
        """Profiles of the last looks, the newest first; in memory only."""
        self._thresholds = thresholds
        self._counts: dict[Fault, _Count] = {fault: _Count() for fault in Fault}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong now."""
        return tuple(fault for fault, count in self._counts.items() if count.holds)

    @property
    def learnt(self) -> bool:
        """Whether there is a whole reference: without one, only darkness and stillness are seen."""
        return any(reference.complete for reference in self.references.values())

    def compared(self) -> list[tuple[Light, bytes]]:
        """What the next look is to be compared with, in this order."""
        return [(light, reference.profile) for light, reference in self.references.items()]

    def take(self, look: Look, matches: Mapping[Light, int]) -> None:
        """Judge a look; `matches` are those of the references that it was compared with."""
        light = Light.NIGHT if look.luma < _NIGHT_LUMA or look.colour < _NIGHT_COLOUR else Light.DAY
        own = self.references.get(light)
        best = max((match for each, match in matches.items() if self._is_complete(each)), default=None)
        verdicts = self._verdicts(look, own if own is not None and own.complete else None, best)
        looks = self._thresholds.looks
        self._counts = {fault: count.take(verdicts[fault], looks) for fault, count in self._counts.items()}
        if self._aimed and not any(verdicts.values()) and not self.faults:
            self._learn(light, look, matches.get(light))
        self.recent.appendleft(look.profile)

    def _is_complete(self, light: Light) -> bool:
        reference = self.references.get(light)
        return reference is not None and reference.complete

    def _verdicts(self, look: Look, reference: Reference | None, best: int | None) -> dict[Fault, bool | None]:
        limits = self._thresholds
        frozen = None if look.change is None else look.change <= limits.frozen_mille
        if look.bright < limits.dark_luma:
            return {Fault.DARK: True, Fault.COVERED: None, Fault.BLURRED: None, Fault.MOVED: None, Fault.FROZEN: None}
        verdicts: dict[Fault, bool | None] = dict.fromkeys(Fault)
        verdicts |= {Fault.DARK: False, Fault.FROZEN: frozen}
        if reference is None or best is None:
            return verdicts
        other = best < limits.moved_percent * _MILLE_PER_PERCENT
        covered = other and look.detail * _SCALE * _PERCENT <= reference.detail_64 * limits.covered_percent
        verdicts[Fault.COVERED] = covered
        if not covered:
            verdicts[Fault.MOVED] = other
            blurred = look.sharpness * _SCALE * _PERCENT < reference.sharpness_64 * limits.blurred_percent
            verdicts[Fault.BLURRED] = None if other else blurred
        return verdicts

    def _learn(self, light: Light, look: Look, match: int | None) -> None:
        reference = self.references.get(light)
        agrees = match is not None and match >= self._thresholds.moved_percent * _MILLE_PER_PERCENT
        if reference is None or not (reference.complete or agrees):
            self.references[light] = Reference.of(look)
        elif agrees:
            self.references[light] = reference.with_look(look)
