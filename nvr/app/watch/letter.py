"""One message, before any language: what is told, and how the whole stands. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from nvr.app.watch.book import Ended, Member
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import VolumeSeen
from nvr.app.watch.of_holds import OldKept
from nvr.app.watch.told import Tiding
from nvr.base.jcs import Json
from nvr.base.units import UtcUs


class LetterKind(StrEnum):
    """Why it is sent."""

    ALARM = "alarm"
    DAILY = "daily"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Daily:
    """What the daily report adds; None where it could not be found out."""

    lost_us: Mapping[str, int] | None
    """By camera, time without pictures in the last 24 hours."""
    oldest_utc_us: UtcUs | None
    volumes: Sequence[VolumeSeen] = ()
    order_end_utc_us: UtcUs | None = None
    standing: Mapping[tuple[str, str], Member] = field(default_factory=dict)
    pending: Mapping[tuple[str, str], Member] = field(default_factory=dict)
    """What has begun, and has not lasted long enough to be an alarm."""
    review: Sequence[OldKept] | None = None
    """The old holds, in the first report of a quarter that knows them."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one message says. `recording` of `expected` cameras are recorded; None: nobody knows."""

    kind: LetterKind
    origin: str
    now_utc_us: UtcUs
    recording: int | None
    expected: int | None
    tidings: Sequence[Tiding] = ()
    daily: Daily | None = None

    @property
    def is_well(self) -> bool:
        """Whether a daily report may say so: nothing is wrong, nothing begins to be, and nothing is unknown."""
        daily = self.daily
        return (
            daily is not None
            and not daily.standing
            and not daily.pending
            and daily.lost_us is not None
            and self.recording is not None
        )

    @property
    def severity(self) -> Severity | None:
        """The worst of what it tells; None: it tells of nothing wrong."""
        told = [each.severity for each in self.tidings]
        stands = [] if self.daily is None else [each.severity for each in self.daily.standing.values()]
        return max((*told, *stands), default=None)


def letter_json(letter: Letter, subject: str, body: str) -> dict[str, Json]:
    """The message for a program."""
    severity = letter.severity
    return {
        "v": 1,
        "kind": letter.kind.value,
        "origin": letter.origin,
        "at_utc_us": letter.now_utc_us,
        "severity": None if severity is None else severity.word,
        "subject": subject,
        "body": body,
        "recording": letter.recording,
        "expected": letter.expected,
        "alarms": [_tiding_json(each) for each in letter.tidings],
        "old_holds": [_old_json(each) for each in (letter.daily and letter.daily.review) or ()],
    }


def _old_json(one: OldKept) -> dict[str, Json]:
    return {
        "hold": one.hold.hold,
        "requisition": one.hold.requisition,
        "requisition_state": one.hold.state,
        "cameras": one.hold.cameras,
        "placed_utc_us": one.hold.placed_utc_us,
        "kept_bytes": one.kept_bytes,
    }


def _tiding_json(tiding: Tiding) -> dict[str, Json]:
    return {
        "id": tiding.kind,
        "change": tiding.change.value,
        "severity": tiding.severity.word,
        "new": [member_json(subject, each) for subject, each in tiding.new.items()],
        "standing": [member_json(subject, each) for subject, each in tiding.standing.items()],
        "ended": [_ended_json(subject, each) for subject, each in tiding.ended.items()],
        "passed": [_ended_json(subject, each) for subject, each in tiding.passed.items()],
    }


def member_json(subject: str, member: Member) -> dict[str, Json]:
    """One alarm that stands, for a program."""
    return {
        "subject": subject,
        "severity": member.severity.word,
        "since_utc_us": member.since_utc_us,
        "detail": member.detail,
        "until_utc_us": member.until_utc_us,
    }


def _ended_json(subject: str, ended: Ended) -> dict[str, Json]:
    return {"subject": subject, "since_utc_us": ended.since_utc_us, "ended_utc_us": ended.ended_utc_us}
