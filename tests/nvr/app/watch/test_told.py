"""Any course of conditions: each is told once, cleared once, and what is critical is never kept back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from nvr.app.watch.book import Book, Ended, Member
from nvr.app.watch.found import Condition, Findings, Key
from nvr.app.watch.kinds import Kind, Severity
from nvr.app.watch.memory import Memory, from_json, to_json
from nvr.app.watch.told import Change, Tiding, Told
from nvr.base.units import US_PER_SECOND, UtcUs

BEGIN = UtcUs(1_790_000_000_000_000)
KINDS = {
    "bad": Kind("bad", Severity.CRITICAL, 60, 30),
    "slow": Kind("slow", Severity.WARNING, 300, 120),
    "soft": Kind("soft", Severity.NOTICE, 0, 20),
}
KEYS = [(kind, subject) for kind in KINDS for subject in ("a", "b", "c")]


@dataclass
class Course:
    """Looks every 10 s, at what the watch would see and over one channel that works or does not."""

    book: Book = field(default_factory=lambda: Book(KINDS))
    told: Told = field(default_factory=Told)
    now: UtcUs = BEGIN
    letters: list[Sequence[Tiding]] = field(default_factory=list)
    stood: set[Key] = field(default_factory=set)
    per_hour: int = 1000

    def look(self, keys: Sequence[Key], unsure: Sequence[Key] = (), *, works: bool = True, seconds: int = 10) -> None:
        self.now = UtcUs(self.now + seconds * US_PER_SECOND)
        conditions = tuple(Condition(kind, subject) for kind, subject in keys)
        self.told.over(self.book.look(Findings(conditions, frozenset(unsure)), self.now))
        self.stood |= self.book.standing().keys()
        tidings = self.told.tidings(self.book.standing())
        if works and self.told.may_send(tidings, self.now, per_hour=self.per_hour):
            self.letters.append(tidings)
            self.told.note(tidings)
            self.told.note_sent(self.now)

    def restart(self) -> None:
        memory = from_json(to_json(Memory(self.book.members, {"mail": self.told})))
        self.book, self.told = Book(KINDS, memory.members), memory.channels["mail"]


Looks = st.lists(
    st.tuples(
        st.lists(st.sampled_from(KEYS), unique=True),
        st.lists(st.sampled_from(KEYS), unique=True, max_size=2),
        st.booleans(),
        st.sampled_from([10, 10, 60, 400, -30]),
        st.booleans(),
    ),
    max_size=40,
)


@given(Looks)
def test_each_alarm_is_told_once_and_cleared_at_most_once(
    looks: list[tuple[list[Key], list[Key], bool, int, bool]],
) -> None:
    course = Course()
    for keys, unsure, works, seconds, restarts in looks:
        course.look(keys, unsure, works=works, seconds=seconds)
        if restarts:
            course.restart()
    open_now: set[Key] = set()
    for letter in course.letters:
        assert letter
        for tiding in letter:
            new = {(tiding.kind, subject) for subject in tiding.new}
            ended = {(tiding.kind, subject) for subject in tiding.ended}
            assert new or ended or tiding.passed
            assert not new & open_now
            assert ended <= open_now
            assert not new & ended
            open_now = (open_now | new) - ended
    # As soon as the channel works, the reader knows exactly what stands.
    course.look([], [(kind, "") for kind in KINDS], seconds=0)
    before = open_now
    for tiding in course.letters[-1] if course.letters else []:
        before = before | {(tiding.kind, subject) for subject in tiding.new}
        before = before - {(tiding.kind, subject) for subject in tiding.ended}
    assert before == course.book.standing().keys()


@given(Looks)
def test_whatever_stood_is_told_though_it_was_over_before_anything_could_be_sent(
    looks: list[tuple[list[Key], list[Key], bool, int, bool]],
) -> None:
    course = Course(per_hour=1)
    for keys, unsure, works, seconds, restarts in looks:
        course.look(keys, unsure, works=works, seconds=seconds)
        if restarts:
            course.restart()
    for _ in range(2):
        course.look([], seconds=3601)
    named = {(each.kind, name) for letter in course.letters for each in letter for name in (*each.new, *each.passed)}
    assert named == course.stood
    assert course.told.told == {}


@given(st.lists(st.tuples(st.lists(st.sampled_from(KEYS), unique=True), st.integers(10, 900)), max_size=60))
def test_no_hour_has_more_letters_than_allowed_but_for_critical_ones(course_of: list[tuple[list[Key], int]]) -> None:
    course, sent = Course(per_hour=2), list[tuple[int, bool]]()
    for keys, seconds in course_of:
        before = len(course.letters)
        course.look(keys, seconds=seconds)
        if len(course.letters) > before:
            critical = any(each.severity is Severity.CRITICAL for each in course.letters[-1])
            sent.append((course.now, critical))
        standing = {key for key in course.book.standing() if key[0] == "bad"}
        assert standing <= course.told.told.keys()
    for at, critical in sent:
        hour = Counter(other for when, other in sent if 0 <= at - when < 3600 * US_PER_SECOND)
        assert critical or sum(hour.values()) <= 2


def test_kind_is_raised_then_changed_then_cleared() -> None:
    course = Course()
    course.look([("soft", "a")])
    course.look([("soft", "a"), ("soft", "b")])
    for _ in range(2):
        course.look([("soft", "b")])
    for _ in range(2):
        course.look([])
    changes = [tiding.change for letter in course.letters for tiding in letter]
    assert changes == [Change.RAISED, Change.CHANGED, Change.CHANGED, Change.CLEARED]
    assert list(course.letters[1][0].standing) == ["a"]
    assert course.letters[2][0].ended["a"] == Ended(
        UtcUs(BEGIN + 10 * US_PER_SECOND), UtcUs(BEGIN + 20 * US_PER_SECOND), Severity.NOTICE
    )


def test_alarm_that_becomes_critical_is_told_again_once() -> None:
    def member(severity: Severity) -> Mapping[Key, Member]:
        return {("slow", "a"): Member(UtcUs(1), UtcUs(1), stands=True, since_utc_us=UtcUs(1), severity=severity)}

    told = Told()
    told.note(told.tidings(member(Severity.WARNING)))
    assert told.tidings(member(Severity.WARNING)) == []
    (worse,) = told.tidings(member(Severity.CRITICAL))
    assert (worse.change, list(worse.new)) == (Change.CHANGED, ["a"])
    told.note([worse])
    assert told.tidings(member(Severity.CRITICAL)) == []


def stands(kind: str, severity: Severity) -> dict[Key, Member]:
    return {(kind, "a"): Member(UtcUs(1), UtcUs(1), stands=True, since_utc_us=UtcUs(1), severity=severity)}


def test_critical_alarm_goes_out_though_the_hour_is_full_and_takes_what_waits_along() -> None:
    told = Told()
    told.note_sent(BEGIN)
    waiting = told.tidings(stands("slow", Severity.WARNING))
    assert not told.may_send(waiting, BEGIN, per_hour=1)
    both = told.tidings(stands("slow", Severity.WARNING) | stands("bad", Severity.CRITICAL))
    assert told.may_send(both, BEGIN, per_hour=1)
    assert [each.kind for each in both] == ["bad", "slow"]
    assert told.may_send(waiting, UtcUs(BEGIN + 3600 * US_PER_SECOND), per_hour=1)


def test_alarm_that_ends_while_it_is_being_told_is_told_to_be_over_once() -> None:
    told = Told()
    being_told = told.tidings(stands("slow", Severity.WARNING))
    ended = Ended(UtcUs(1), UtcUs(2), Severity.WARNING)
    told.over({("slow", "a"): ended})
    told.note(being_told)
    (over,) = told.tidings({})
    assert (over.change, dict(over.ended), dict(over.passed)) == (Change.CLEARED, {"a": ended}, {})
    told.note([over])
    assert told.tidings({}) == []
