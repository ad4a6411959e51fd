"""A letter in French or English, as people read it: what happened, what still records, what to do, by when. Pure.

Texts are `alarm-<kind>` and `letter-...` of `nvr/app/texts`; nothing of a camera but its name is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from access.http.texts import STATUS, cause_text, picture_text
from nvr.app.figures import show_number
from nvr.app.messages import lines
from nvr.app.told_faults import ToldFault
from nvr.app.watch.book import Ended, Member
from nvr.app.watch.found import Key
from nvr.app.watch.kinds import Severity
from nvr.app.watch.letter import Daily, Letter, LetterKind
from nvr.app.watch.of_holds import RAN_OUT, OldKept
from nvr.app.watch.told import Change, Tiding
from nvr.base.catalogue import Language
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.register.tables import RequisitionState

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_NAMED: Final = 100
_GIB: Final = 2**30
_MINUTE_US: Final = 60 * US_PER_SECOND
_LOSES_FOOTAGE: Final = frozenset({"camera-silent", "recorder-silent"})
"""Kinds of which the time since their beginning is time without pictures."""


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as text."""

    subject: str
    body: str


def write(letter: Letter, language: Language, zone: ZoneInfo) -> Written:
    """The letter in this language, times in this zone with their offset."""
    return _Writer(letter, language, zone).written()


class _Writer:
    def __init__(self, letter: Letter, language: Language, zone: ZoneInfo) -> None:
        self._letter = letter
        self._language = language
        self._zone = zone

    def written(self) -> Written:
        letter = self._letter
        blocks = [
            *([self._say("letter-test")] if letter.kind is LetterKind.TEST else []),
            *map(self._tiding, letter.tidings),
            *([] if letter.daily is None else self._daily(letter.daily)),
            self._overview(),
            self._say("letter-end", origin=letter.origin, at=self._instant(letter.now_utc_us)),
        ]
        return Written(f"[{letter.origin}] {self._subject()}", "\n\n".join(filter(None, blocks)) + "\n")

    def _subject(self) -> str:
        letter = self._letter
        if letter.kind is LetterKind.TEST:
            return self._say("letter-subject-test")
        if letter.kind is LetterKind.DAILY:
            return self._daily_subject(letter.daily)
        if all(each.change in (Change.CLEARED, Change.PASSED) for each in letter.tidings):
            word = self._say("letter-cleared")
        else:
            word = self._say(f"severity-{(letter.severity or Severity.NOTICE).word}")
        more = f" (+{len(letter.tidings) - 1})" if len(letter.tidings) > 1 else ""
        first = letter.tidings[0]
        count = len(first.new) or len(first.ended) or len(first.passed)
        title = self._say("letter-title", word=word, title=self._title(first.kind))
        return title + (f", {count}" if count > 1 else "") + more

    def _daily_subject(self, daily: Daily | None) -> str:
        if daily is not None and daily.standing:
            subject = self._say("letter-subject-open", count=len(daily.standing))
        else:
            subject = self._say("letter-subject-well" if self._letter.is_well else "letter-subject-unsure")
        old = 0 if daily is None else len(daily.review or ())
        return self._say("letter-subject-review", subject=subject, count=old) if old else subject

    def _tiding(self, tiding: Tiding) -> str:
        lines = [self._say("letter-title", word=self._change(tiding), title=self._title(tiding.kind))]
        lines += self._members(tiding.kind, tiding.new)
        if tiding.ended:
            lines += [self._say("letter-over"), *self._ended(tiding.ended)]
        if tiding.passed:
            lines += [self._say("letter-passed"), *self._ended(tiding.passed)]
        if tiding.standing:
            lines += [self._say("letter-standing"), *self._members(tiding.kind, tiding.standing)]
        if tiding.new or tiding.standing:
            lines += self._remedy(tiding.kind, (*tiding.new.values(), *tiding.standing.values()))
        return "\n".join(lines)

    def _change(self, tiding: Tiding) -> str:
        if tiding.new:
            return self._say(f"severity-{tiding.severity.word}")
        return self._say("letter-cleared" if not tiding.standing else "letter-changed")

    def _remedy(self, kind: str, members: Sequence[Member]) -> Iterator[str]:
        _, means, todo = lines(self._language, f"alarm-{kind}")
        yield means
        yield self._say("letter-todo", todo=todo)
        until = min((each.until_utc_us for each in members if each.until_utc_us is not None), default=None)
        if until is not None:
            yield self._say("letter-until", until=self._instant(until))

    def _members(self, kind: str, members: Mapping[str, Member]) -> Iterator[str]:
        for subject, member in list(members.items())[:_MOST_NAMED]:
            parts = [self._named(kind, subject), self._say("letter-since", since=self._instant(member.since_utc_us))]
            if kind in _LOSES_FOOTAGE:
                minutes = max(0, self._letter.now_utc_us - member.since_utc_us) // _MINUTE_US
                parts.append(self._say("letter-lost-so-far", minutes=minutes))
            parts.append(self._detail(kind, subject, member))
            yield "- " + ", ".join(filter(None, parts))
        yield from self._unnamed(len(members))

    def _ended(self, ended: Mapping[str, Ended]) -> Iterator[str]:
        for subject, each in list(ended.items())[:_MOST_NAMED]:
            if not each.ended_utc_us:
                yield f"- {subject}"
                continue
            minutes = max(0, each.ended_utc_us - each.since_utc_us) // _MINUTE_US
            times = {"since": self._instant(each.since_utc_us), "ended": self._instant(each.ended_utc_us)}
            yield "- " + ", ".join(filter(None, (subject, self._say("letter-lasted", minutes=minutes, **times))))
        yield from self._unnamed(len(ended))

    def _unnamed(self, count: int) -> Iterator[str]:
        if count > _MOST_NAMED:
            yield "- " + self._say("letter-more", count=count - _MOST_NAMED)

    def _named(self, kind: str, subject: str) -> str:
        if kind == "recorder-silent":
            return f"scelle-recorder@{subject}"
        return "" if kind in ("recorder-fault", "order-ends") else subject

    def _detail(self, kind: str, subject: str, member: Member) -> str:
        said = detail = member.detail or ""
        match kind:
            case "recorder-fault":
                _, fault_id, where = subject.split(" ", 2)
                told = f"{where}: {self._told(detail)}"
                said = (
                    STATUS.text(self._language, fault_id, value=told) if STATUS.has(self._language, fault_id) else told
                )
            case "keeper-fault" | "copies-waiting":
                said = self._told(detail)
            case "picture-fault":
                said = ", ".join(picture_text(each, self._language) for each in detail.split(","))
            case "volume-low":
                said = self._say("letter-free", free=int(detail) // _GIB)
            case "hold-provisional":
                said = self._provisional(detail)
            case "camera-silent" if detail:
                said = cause_text(detail, self._language)
            case "camera-unauthorised" if detail:
                said = self._say(f"letter-{detail}")
            case "channel-failed":
                said = self._say(f"send-{detail}").partition("\n")[0]
        return said

    def _provisional(self, detail: str) -> str:
        told = dict(part.split("=") for part in detail.split(" "))
        shares = {name: show_number(int(told[name]) / 10, self._language, 1) for name in ("before", "with", "limit")}
        parts = [self._say("letter-provisional", cameras=told["cameras"], **shares)]
        return ", ".join([*parts, *([self._say("letter-run-out")] if RAN_OUT in told else [])])

    def _told(self, detail: str) -> str:
        return ToldFault.unpacked(detail).said(self._language, self._instant)

    def _daily(self, daily: Daily) -> Iterator[str]:
        if self._letter.is_well:
            yield self._say("letter-well")
        if daily.standing:
            yield self._open("letter-open", daily.standing)
        if daily.pending:
            yield self._open("letter-begins", daily.pending)
        if daily.review:
            yield self._review(daily.review)
        yield self._lost(daily)
        yield self._kept(daily)

    def _open(self, heading: str, found: Mapping[Key, Member]) -> str:
        lines = [self._say(heading)]
        for kind in dict.fromkeys(key[0] for key in found):
            members = {key[1]: each for key, each in found.items() if key[0] == kind}
            lines += [f"{self._title(kind)}", *self._members(kind, members), *self._remedy(kind, (*members.values(),))]
        return "\n".join(lines)

    def _review(self, old: Sequence[OldKept]) -> str:
        lines = [self._old(one) for one in old[:_MOST_NAMED]]
        if len(old) > _MOST_NAMED:
            lines.append("- " + self._say("letter-review-more", count=len(old) - _MOST_NAMED))
        return "\n".join([self._say("letter-review", count=len(old)), *lines, self._say("letter-review-todo")])

    def _old(self, one: OldKept) -> str:
        hold, unknown = one.hold, self._say("unknown-to-us")
        days = max(0, self._letter.now_utc_us - hold.placed_utc_us) // US_PER_DAY
        size = unknown if one.kept_bytes is None else show_number(one.kept_bytes / _GIB, self._language, 1)
        told = {"hold": hold.hold, "days": days, "cameras": hold.cameras, "size": size}
        placed = self._instant(hold.placed_utc_us)
        if hold.requisition is None:
            return "- " + self._say("letter-review-alone", placed=placed, **told)
        kind = "letter-review-undecided" if hold.state == RequisitionState.RECEIVED else "letter-review-requisition"
        return "- " + self._say(kind, requisition=hold.requisition, placed=placed, **told)

    def _lost(self, daily: Daily) -> str:
        if daily.lost_us is None:
            return self._say("letter-lost-unknown")
        minutes = {camera: -(-us // _MINUTE_US) for camera, us in daily.lost_us.items()}
        if not minutes:
            return self._say("letter-lost-nothing")
        worst = sorted(minutes.items(), key=lambda item: (-item[1], item[0]))
        lines = [f"- {camera}: {lost} min" for camera, lost in worst[:_MOST_NAMED]]
        return "\n".join([self._say("letter-lost"), *lines, *self._unnamed(len(worst))])

    def _kept(self, daily: Daily) -> str:
        lines = []
        if daily.oldest_utc_us is not None:
            lines.append(self._say("letter-oldest", oldest=self._instant(daily.oldest_utc_us)))
        for volume in daily.volumes:
            if volume.why is None:
                sizes = {"free": volume.free_bytes // _GIB, "total": volume.total_bytes // _GIB}
                lines.append(self._say("letter-room", volume=volume.name, **sizes))
        if daily.order_end_utc_us is not None:
            lines.append(self._say("letter-order", end=self._instant(daily.order_end_utc_us)))
        return "\n".join(lines)

    def _overview(self) -> str:
        letter = self._letter
        if letter.recording is None or letter.expected is None:
            return self._say("letter-recording-unknown")
        return self._say("letter-recording", recording=letter.recording, expected=letter.expected)

    def _title(self, kind: str) -> str:
        return self._say(f"alarm-{kind}").partition("\n")[0]

    def _say(self, message_id: str, **fields: object) -> str:
        return "\n".join(lines(self._language, message_id, **fields))

    def _instant(self, utc_us: int) -> str:
        local = (_EPOCH + timedelta(microseconds=utc_us)).astimezone(self._zone)
        return local.isoformat(" ", "minutes")
