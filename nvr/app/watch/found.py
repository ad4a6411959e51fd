"""What is wrong at one instant, as values. Pure."""

from dataclasses import dataclass
from typing import TypeAlias

from nvr.app.watch.kinds import Severity
from nvr.base.units import UtcUs

Key: TypeAlias = tuple[str, str]
"""Kind and subject of a condition: the same alarm of the same thing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is not as it should be.

    `subject`: which camera, disk, role; empty where there is but one. `since_utc_us`: None where nobody knows, and the
    first look stands for it. `until_utc_us`: by when somebody must have acted. `severity`: None for that of its kind.
    """

    kind: str
    subject: str = ""
    since_utc_us: UtcUs | None = None
    detail: str | None = None
    until_utc_us: UtcUs | None = None
    severity: Severity | None = None

    @property
    def key(self) -> Key:
        """What makes it the same as one that was found before."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Findings:
    """All conditions of one look, and what could not be looked at: `unsure` are keys, and kinds with an empty subject.

    What is unsure neither begins nor ends: that a recorder is silent does not mean that its cameras are well again.
    """

    conditions: tuple[Condition, ...] = ()
    unsure: frozenset[Key] = frozenset()

    def is_unsure(self, key: Key) -> bool:
        """Whether nothing is known of it now."""
        return key in self.unsure or (key[0], "") in self.unsure
