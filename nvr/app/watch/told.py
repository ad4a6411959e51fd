"""What people have been told over one channel, and what they have not been told yet. Pure.

There is no queue: what is to be told is the difference between what stands and what was told, so a channel that was
away for hours tells what is true when it is back, and what came and went meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from nvr.app.watch.book import Ended, Member
from nvr.app.watch.found import Key
from nvr.app.watch.kinds import Severity
from nvr.base.units import US_PER_SECOND, UtcUs

_HOUR_US: Final = 3600 * US_PER_SECOND


class Change(StrEnum):
    """What became of the alarms of one kind."""

    RAISED = "raised"
    CHANGED = "changed"
    """It was told before, and concerns others now."""
    CLEARED = "cleared"
    PASSED = "passed"
    """It came and went while nothing could be sent."""


@dataclass(frozen=True, slots=True)
class Tiding:
    """What is to be told of one kind: what is new, what ended, what stands all the same; by subject."""

    kind: str
    change: Change
    new: Mapping[str, Member] = field(default_factory=dict)
    ended: Mapping[str, Ended] = field(default_factory=dict)
    standing: Mapping[str, Member] = field(default_factory=dict)
    passed: Mapping[str, Ended] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """The worst of what is new, or was while nobody could be told; what is over or stands anyway is a notice."""
        severities = [each.severity for each in self.new.values()] + [each.severity for each in self.passed.values()]
        return max(severities, default=Severity.NOTICE)


@dataclass(slots=True)
class Told:
    """One channel's memory. `told`: what stands for the reader, how bad; `ended`: what of it is over.

    `passed`: what stood and ended without a word; `sent`: when messages of the last hour went out.
    """

    told: dict[Key, Severity] = field(default_factory=dict)
    ended: dict[Key, Ended] = field(default_factory=dict)
    passed: dict[Key, Ended] = field(default_factory=dict)
    sent_utc_us: list[UtcUs] = field(default_factory=list)
    daily_day: str | None = None
    """Local day of the last daily report."""
    review_quarter: str | None = None
    """Quarter whose list of old holds went out."""

    def over(self, ended: Mapping[Key, Ended]) -> None:
        """These alarms have ended."""
        for key, one in ended.items():
            (self.ended if key in self.told else self.passed)[key] = one

    def tidings(self, standing: Mapping[Key, Member]) -> list[Tiding]:
        """What differs from what was told, by kind, the worst first."""
        kinds = dict.fromkeys(key[0] for key in (*standing, *self.told, *self.passed))
        tidings = (self._of_kind(kind, standing) for kind in kinds)
        return sorted((each for each in tidings if each is not None), key=lambda each: -each.severity)

    def note(self, tidings: Iterable[Tiding]) -> None:
        """These were told."""
        for tiding in tidings:
            for subject, member in tiding.new.items():
                self.told[tiding.kind, subject] = member.severity
                # It ended while it was being told: that is still to be said.
                if (over := self.passed.pop((tiding.kind, subject), None)) is not None:
                    self.ended[tiding.kind, subject] = over
            for subject in tiding.ended:
                self.told.pop((tiding.kind, subject), None)
                self.ended.pop((tiding.kind, subject), None)
            for subject in tiding.passed:
                self.passed.pop((tiding.kind, subject), None)

    def note_sent(self, now_utc_us: UtcUs) -> None:
        """A message went out."""
        self.sent_utc_us = [*self._sent_lately(now_utc_us), now_utc_us]

    def may_send(self, tidings: Sequence[Tiding], now_utc_us: UtcUs, *, per_hour: int) -> bool:
        """Whether they go out now: one that is critical always does, and takes the others along."""
        if any(each.severity is Severity.CRITICAL for each in tidings):
            return True
        return bool(tidings) and len(self._sent_lately(now_utc_us)) < per_hour

    def _sent_lately(self, now_utc_us: UtcUs) -> list[UtcUs]:
        return [each for each in self.sent_utc_us if 0 <= now_utc_us - each < _HOUR_US]

    def _of_kind(self, kind: str, standing: Mapping[Key, Member]) -> Tiding | None:
        stands = {key[1]: member for key, member in standing.items() if key[0] == kind}
        told = {key[1]: severity for key, severity in self.told.items() if key[0] == kind}
        passed = {key[1]: ended for key, ended in self.passed.items() if key[0] == kind}
        new = {subject: each for subject, each in stands.items() if each.severity > told.get(subject, 0)}
        ended = {subject: self._ended(kind, subject, told[subject]) for subject in told if subject not in stands}
        if not (new or ended or passed):
            return None
        same = {subject: each for subject, each in stands.items() if subject not in new}
        return Tiding(kind, _change(bool(told), bool(stands)), new, ended, same, passed)

    def _ended(self, kind: str, subject: str, severity: Severity) -> Ended:
        return self.ended.get((kind, subject), Ended(UtcUs(0), UtcUs(0), severity))


def _change(was_told: bool, stands: bool) -> Change:  # noqa: FBT001 -- the two sides of a table
    if was_told:
        return Change.CHANGED if stands else Change.CLEARED
    return Change.RAISED if stands else Change.PASSED
