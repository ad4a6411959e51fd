"""When footage that somebody asks for is destroyed: the countdown. Pure.

It never says later than the truth. What lies on which disk is not looked at: the deadline is that of
`storage.retention`, and where a disk may run short before, the countdown is `at the latest`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.days import bounds_of, day_of
from storage.deadline import deadline_utc_us
from storage.retention import Rules

LONGEST_SEGMENT_US: Final = 300 * US_PER_SECOND
"""The segment with the first second asked for may have begun so long before (`recorder.segment_seconds`)."""

_CLOCK_CHANGE_US: Final = 3_600 * US_PER_SECOND
_LONGEST_LIFE_US: Final = 40 * US_PER_DAY
"""Without a hold nothing lives longer: every cap is a month at most."""

Share: TypeAlias = Literal["whole", "part", "none"]


class State(StrEnum):
    """How far destruction has come with what is asked for."""

    COUNTING = "counting"
    """All of it is within its time; the first of it goes at `destroyed_utc_us`."""
    PARTLY_OVER = "partly over"
    """The deadline of some of it has passed; the next of it goes at `destroyed_utc_us`."""
    OVER = "over"
    """The deadline of all of it has passed, and no hold keeps any."""
    HELD = "held"
    """What is not past its deadline is held until a person ends that."""


class Keeping(NamedTuple):
    """A hold that runs, on one camera; `until_utc_us` None: until a person ends it."""

    from_utc_us: int
    to_utc_us: int
    until_utc_us: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. `began_utc_us`: when the segment with its first second began, where that is known."""

    cameras: Sequence[str]
    from_utc_us: int
    to_utc_us: int
    began_utc_us: int | None = None


@dataclass(frozen=True, slots=True)
class Countdown:
    """The first destruction of what is asked for.

    `camera` is whose it is, `held_until_utc_us` the end of the hold that keeps that until then. `early_utc_us`: from
    then on a full disk may take some of it before that; None: none is foreseen. `to_come`: nothing of it is recorded
    yet.
    """

    state: State
    destroyed_utc_us: int | None
    remaining_us: int | None
    camera: str | None
    held: Share
    held_until_utc_us: int | None
    early_utc_us: int | None
    to_come: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """On what countdowns rest: rules, holds that run by camera, and when the first disk will run short."""

    rules: Rules
    keeping: Mapping[str, Sequence[Keeping]]
    now_utc_us: int
    pressure_utc_us: int | None = None
    _changes: tuple[int, ...] = field(init=False)
    """Where one order may follow another: a cap may be shorter from there on."""

    def __post_init__(self) -> None:
        ends = (end for order in self.rules.orders for end in (order.from_utc_us, order.to_utc_us) if end is not None)
        object.__setattr__(self, "_changes", tuple(sorted(set(ends))))

    def changes(self, first: int, last: int) -> tuple[int, ...]:
        """Those after `first` and before `last`."""
        return tuple(one for one in self._changes[bisect_right(self._changes, first) :] if one < last)

    def cap_utc_us(self, camera: str, start_utc_us: int) -> int:
        """When footage that began then is destroyed, if no hold keeps it."""
        days = self.rules.rule(camera, start_utc_us).days
        return deadline_utc_us(UtcUs(start_utc_us), days, self.rules.zone)

    def minimum_utc_us(self, camera: str, start_utc_us: int) -> int:
        """Until when not even a full disk takes footage that began then."""
        days = self.rules.rule(camera, start_utc_us).minimum_days
        return deadline_utc_us(UtcUs(start_utc_us), days, self.rules.zone) if days else start_utc_us


class _Piece(NamedTuple):
    """What becomes of one stretch of one camera. `due_utc_us` None: nothing of it goes by itself any more."""

    camera: str
    due_utc_us: int | None
    until_utc_us: int | None
    """Until when holds keep it; None with `is_held`: until a person ends that."""
    is_held: bool
    is_over: bool
    """The deadline of some of it has passed, and no hold kept that."""
    minimum_utc_us: int


def countdown(asked: Asked, terms: Terms) -> Countdown | None:
    """When the first of it goes; None where no camera is asked for."""
    pieces = [piece for camera in asked.cameras for piece in _pieces(camera, asked, terms)]
    if not pieces:
        return None
    held = sum(piece.is_held for piece in pieces)
    share: Share = "none" if not held else "whole" if held == len(pieces) else "part"
    to_come = asked.from_utc_us >= terms.now_utc_us
    due = [piece for piece in pieces if piece.due_utc_us is not None]
    if not due:
        state = State.HELD if held else State.OVER
        return Countdown(state, None, None, None, share, None, None, to_come)
    first = min(due, key=lambda piece: (piece.due_utc_us or 0, piece.camera))
    at_utc_us = first.due_utc_us or 0
    return Countdown(
        state=State.PARTLY_OVER if any(piece.is_over for piece in pieces) else State.COUNTING,
        destroyed_utc_us=at_utc_us,
        remaining_us=at_utc_us - terms.now_utc_us,
        camera=first.camera,
        held=share,
        held_until_utc_us=at_utc_us if first.until_utc_us == at_utc_us else None,
        early_utc_us=_early_utc_us(due, at_utc_us, terms),
        to_come=to_come,
    )


def _pieces(camera: str, asked: Asked, terms: Terms) -> Iterator[_Piece]:
    """The interval cut where a hold begins or ends, and where one order follows another."""
    begin, end = asked.from_utc_us, asked.to_utc_us
    holds = [one for one in terms.keeping.get(camera, ()) if one.from_utc_us <= end and one.to_utc_us >= begin]
    edges = {edge for hold in holds for edge in (hold.from_utc_us, hold.to_utc_us)} | {*terms.changes(begin, end)}
    cuts = sorted({begin, end} | {edge for edge in edges if begin < edge < end})
    began = max(0, begin - LONGEST_SEGMENT_US) if asked.began_utc_us is None else min(begin, asked.began_utc_us)
    for first, last in pairwise(cuts):
        over = [one.until_utc_us for one in holds if one.from_utc_us < last and one.to_utc_us > first]
        # A hold keeps the segments that it touches, and what belongs to the piece before was looked at there.
        yield _piece(camera, (began if first == begin else first, first, last), over, terms)


def _piece(camera: str, times: tuple[int, int, int], holds: Sequence[int | None], terms: Terms) -> _Piece:
    """`times`: when its first segment may have begun, itself; `holds`: until when each of those that keep it does."""
    first, begin, last = times
    if None in holds:
        return _Piece(camera, None, None, is_held=True, is_over=False, minimum_utc_us=first)
    until = max((one for one in holds if one is not None), default=None)
    begun = {first, begin, *terms.changes(first, begin)}
    cap = min(_least_cap_utc_us(camera, one, last, terms) for one in begun)
    least = min(terms.minimum_utc_us(camera, one) for one in begun)
    if until is not None:
        return _Piece(camera, max(cap, until), until, is_held=True, is_over=False, minimum_utc_us=least)
    if cap > terms.now_utc_us:
        return _Piece(camera, cap, None, is_held=False, is_over=False, minimum_utc_us=least)
    left = _first_left(camera, first, last, terms)
    if left is None:
        return _Piece(camera, None, None, is_held=False, is_over=True, minimum_utc_us=least)
    due, least = terms.cap_utc_us(camera, left), terms.minimum_utc_us(camera, left)
    return _Piece(camera, due, None, is_held=False, is_over=True, minimum_utc_us=least)


def _least_cap_utc_us(camera: str, first: int, last: int, terms: Terms) -> int:
    """The first deadline in [first, last): the first footage's, but for the night in which clocks go back.

    The month counts by the clock on the wall: what is recorded just after the change may go up to an hour before.
    """
    begin, end = first, first + _CLOCK_CHANGE_US
    before = _offset(first, terms.rules)
    if _offset(end, terms.rules) >= before:
        return terms.cap_utc_us(camera, first)
    changed = _first_after(begin, end, lambda at: _offset(at, terms.rules) != before)
    return min(terms.cap_utc_us(camera, at) for at in (first, changed) if at < last)


def _first_after(begin: int, end: int, holds: Callable[[int], bool]) -> int:
    """The first instant after `begin` at which it holds; it does from there to `end`."""
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (begin, middle) if holds(middle) else (middle, end)
    return end


def _offset(utc_us: int, rules: Rules) -> timedelta:
    local = datetime.fromtimestamp(utc_us // US_PER_SECOND, UTC).astimezone(rules.zone)
    return local.utcoffset() or timedelta()


def _first_left(camera: str, first: int, last: int, terms: Terms) -> int | None:
    """The start of the first footage of [first, last) that is not past its deadline; None: there is none."""
    for begin, end in _local_days(max(first, terms.now_utc_us - _LONGEST_LIFE_US), last, terms.rules):
        if terms.cap_utc_us(camera, begin) > terms.now_utc_us:
            return begin
        if terms.cap_utc_us(camera, end - 1) > terms.now_utc_us:  # the legal month: to the second, not to the day
            return _first_after(begin, end, lambda at: terms.cap_utc_us(camera, at) > terms.now_utc_us)
    return None


def _local_days(first: int, last: int, rules: Rules) -> Iterable[tuple[int, int]]:
    """[first, last), day by day of the local calendar."""
    at = first
    while at < last:
        _, end = bounds_of(day_of(at, rules.zone), rules.zone)
        yield at, min(end, last)
        at = end


def _early_utc_us(pieces: Iterable[_Piece], before_utc_us: int, terms: Terms) -> int | None:
    """From when on a full disk may take one of them; None: not before that instant."""
    pressure = terms.pressure_utc_us
    if pressure is None or pressure >= before_utc_us:
        return None
    early = min(max(pressure, piece.minimum_utc_us, piece.until_utc_us or 0) for piece in pieces)
    return max(early, terms.now_utc_us) if early < before_utc_us else None
