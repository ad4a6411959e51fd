"""Conditions over time: what has lasted stands, what has been over for long enough has ended. Pure.

Times are those of the wall clock, so that a restart of the watch begins nothing anew; a clock that steps back only
makes it wait longer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nvr.app.watch.found import Condition, Findings, Key
from nvr.app.watch.kinds import Kind, Severity
from nvr.base.units import US_PER_SECOND, UtcUs


@dataclass(frozen=True, slots=True)
class Member:
    """One condition that is being followed. `first` and `last`: when it was seen; `stands`: it has lasted."""

    first_utc_us: UtcUs
    last_utc_us: UtcUs
    stands: bool
    since_utc_us: UtcUs
    severity: Severity
    detail: str | None = None
    until_utc_us: UtcUs | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """One alarm that stood and is over."""

    since_utc_us: UtcUs
    ended_utc_us: UtcUs
    severity: Severity


class Book:
    """Follows all conditions; `look` after look. The event loop owns it."""

    def __init__(self, kinds: Mapping[str, Kind], members: Mapping[Key, Member] | None = None) -> None:
        """`members`: those of the watch before this one; of kinds that there are no more they are forgotten."""
        self._kinds = kinds
        self.members: dict[Key, Member] = {key: one for key, one in (members or {}).items() if key[0] in kinds}

    def standing(self) -> dict[Key, Member]:
        """What has lasted and is not over."""
        return {key: member for key, member in self.members.items() if member.stands}

    def look(self, findings: Findings, now_utc_us: UtcUs) -> dict[Key, Ended]:
        """Take in one look; what has ended by it."""
        found = {condition.key: condition for condition in findings.conditions}
        self._clamp(now_utc_us)
        for key, condition in found.items():
            self.members[key] = self._seen(self.members.get(key), condition, now_utc_us)
        for key, member in self.members.items():
            if key not in found and member.stands and findings.is_unsure(key):
                self.members[key] = replace(member, last_utc_us=now_utc_us)
        self._raise(found, now_utc_us)
        return self._end(now_utc_us)

    def _clamp(self, now_utc_us: UtcUs) -> None:
        for key, member in self.members.items():
            if member.last_utc_us > now_utc_us:
                first_utc_us = min(member.first_utc_us, now_utc_us)
                self.members[key] = replace(member, first_utc_us=first_utc_us, last_utc_us=now_utc_us)

    def _seen(self, member: Member | None, condition: Condition, now_utc_us: UtcUs) -> Member:
        kind = self._kinds[condition.kind]
        severity = kind.severity if condition.severity is None else condition.severity
        if member is None or not member.stands:
            # A look may miss it, as when a camera connects in vain; after a longer silence it is another one.
            missed_us = 0 if member is None else now_utc_us - member.last_utc_us
            is_new = member is None or missed_us >= kind.clear_s * US_PER_SECOND
            first_utc_us = now_utc_us if member is None or is_new else member.first_utc_us
            since_utc_us = first_utc_us if condition.since_utc_us is None else condition.since_utc_us
            return Member(
                first_utc_us,
                now_utc_us,
                stands=False,
                since_utc_us=since_utc_us,
                severity=severity,
                detail=condition.detail,
                until_utc_us=condition.until_utc_us,
            )
        return replace(
            member,
            last_utc_us=now_utc_us,
            severity=max(member.severity, severity),
            detail=condition.detail,
            until_utc_us=condition.until_utc_us,
        )

    def _raise(self, found: Iterable[Key], now_utc_us: UtcUs) -> None:
        """Let stand what has lasted, and others of its kind that have lasted half as long: one switch, one alarm."""
        lasted = {key: now_utc_us - self.members[key].first_utc_us for key in found if not self.members[key].stands}
        ripe = {key[0] for key, us in lasted.items() if us >= self._kinds[key[0]].after_s * US_PER_SECOND}
        for key, us in lasted.items():
            if key[0] in ripe and 2 * us >= self._kinds[key[0]].after_s * US_PER_SECOND:
                self.members[key] = replace(self.members[key], stands=True)

    def _end(self, now_utc_us: UtcUs) -> dict[Key, Ended]:
        """Drop what has been over for long enough; others of its kind that have been for half as long go along."""
        over = {key: now_utc_us - member.last_utc_us for key, member in self.members.items()}
        ripe = {key[0] for key, us in over.items() if us >= self._kinds[key[0]].clear_s * US_PER_SECOND}
        gone = [
            key
            for key, us in over.items()
            if key[0] in ripe and us and 2 * us >= self._kinds[key[0]].clear_s * US_PER_SECOND
        ]
        dropped = {key: self.members.pop(key) for key in gone}
        return {
            key: Ended(member.since_utc_us, member.last_utc_us, member.severity)
            for key, member in dropped.items()
            if member.stands
        }
