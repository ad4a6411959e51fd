"""What is due for destruction, and why. Pure: the caller brings segments, holds, orders and the time.

The cap of a segment follows from the authorisation that was in force when it began (`storage.deadline`), of several
from the shortest. Nothing lengthens it; a camera's own setting shortens it, never below the order's minimum; disk
pressure may take what is older than that minimum. Without any authorisation the legal month is the cap (CSI L252-5),
and the decision says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.deadline import deadline_utc_us
from storage.holds import Held
from storage.index.rows import CameraRow, Order, SegmentRow

LEGAL_MONTH_DAYS: Final = 31
"""With so many days the month is always the earlier of the two limits."""

_LONGEST_US: Final = 40 * US_PER_DAY
_CLOCK_CHANGE_US: Final = 2 * 3_600 * US_PER_SECOND

Reason: TypeAlias = Literal["cap", "camera", "pressure"]


class Verdict(StrEnum):
    """What becomes of a segment now."""

    KEPT = "kept"
    """Not due."""
    HELD = "held"
    """Due, and a hold covers it."""
    DUE = "due"
    """To be destroyed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What bounds a segment's life: `days` counted from its start, `reason` what set them, `order` whose they are.

    `cap_days` are those that nothing lengthens, whatever the camera's own setting. `order` None: no authorisation was
    in force; the legal month, or the camera's setting, applies.
    """

    days: int
    minimum_days: int
    reason: Reason
    order: str | None
    cap_days: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One segment's fate, with the rule that decided it.

    The reason is the cap, too, of what a camera's setting should have taken long before. `allowed` is the camera by
    whose allowance (`nvr-admin retention allow`) it goes on.
    """

    segment: SegmentRow
    verdict: Verdict
    deadline_utc_us: UtcUs
    reason: Reason
    order: str | None
    allowed: str | None = None


class Terms(Protocol):
    """An authorisation, as far as it matters here; `cameras` None means all, `to_utc_us` None no end."""

    @property
    def authorisation(self) -> str:
        """Its id."""
        ...

    @property
    def from_utc_us(self) -> int:
        """When it begins."""
        ...

    @property
    def to_utc_us(self) -> int | None:
        """When it is over."""
        ...

    @property
    def retention_days(self) -> int:
        """The cap."""
        ...

    @property
    def cameras(self) -> Collection[str] | None:
        """What it covers."""
        ...


AnyTerms = TypeVar("AnyTerms", bound=Terms)


def order_in_force(orders: Iterable[AnyTerms], camera: str, at_utc_us: int) -> AnyTerms | None:
    """The order that decides for the camera at this instant: the shortest of those in force, and its minimum with it.

    Each order is a cap of its own, so that the shortest obeys them all; the minimum of a longer one could exceed it. Of
    equally short ones the last begun decides: the renewal, not what it renews.
    """
    ordered = sorted(orders, key=lambda one: one.authorisation, reverse=True)
    in_force = [one for one in ordered if _applies(one, camera, at_utc_us)]
    return min(in_force, key=lambda one: (one.retention_days, -one.from_utc_us), default=None)


def _applies(order: Terms, camera: str, at_utc_us: int) -> bool:
    in_force = order.from_utc_us <= at_utc_us and (order.to_utc_us is None or at_utc_us < order.to_utc_us)
    return in_force and (order.cameras is None or camera in order.cameras)


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything but segments and holds on which a decision rests; `zone` is the cameras' local time."""

    orders: tuple[Order, ...]
    cameras: Mapping[str, CameraRow]
    zone: tzinfo

    def rule(self, camera: str, start_utc_us: int) -> Rule:
        """The rule for footage of the camera that began then."""
        order = order_in_force(self.orders, camera, start_utc_us)
        own = self.cameras[camera].retention_days if camera in self.cameras else None
        if order is None:
            days = LEGAL_MONTH_DAYS if own is None else min(own, LEGAL_MONTH_DAYS)
            return Rule(days, 0, "cap" if days == LEGAL_MONTH_DAYS else "camera", None, LEGAL_MONTH_DAYS)
        minimum = min(order.minimum_days or 0, order.retention_days)
        days = order.retention_days if own is None else max(min(own, order.retention_days), minimum)
        reason: Reason = "camera" if days < order.retention_days else "cap"
        return Rule(days, minimum, reason, order.authorisation, order.retention_days)

    def shortest_days(self) -> int:
        """The fewest days that any rule may give."""
        settings = [camera.retention_days for camera in self.cameras.values() if camera.retention_days is not None]
        return min([LEGAL_MONTH_DAYS, *settings, *(order.retention_days for order in self.orders)])


def candidates_before_utc_us(rules: Rules, now_utc_us: int) -> int:
    """Only segments that began before this can be due now: found by bisection of the shortest rule's deadline."""
    days = rules.shortest_days()
    first, last = now_utc_us - _LONGEST_US, now_utc_us
    while last - first > US_PER_SECOND:
        middle = (first + last) // 2
        if deadline_utc_us(UtcUs(middle), days, rules.zone) <= now_utc_us:
            first = middle
        else:
            last = middle
    # In the night in which clocks go back, a later start may have an earlier deadline, by an hour.
    return last + _CLOCK_CHANGE_US


def plan(segments: Iterable[SegmentRow], held: Held, rules: Rules, now_utc_us: int) -> list[Decision]:
    """One decision for each segment, in the order in which they came."""
    return [_decide(segment, held, rules, now_utc_us) for segment in segments]


def batches(decisions: Iterable[Decision], most: int) -> Iterator[tuple[Reason, str | None, list[Decision]]]:
    """The due decisions in groups as `expire` entries name them: of one reason, and by one allowance or none."""
    groups: dict[tuple[Reason, str | None], list[Decision]] = {}
    for decision in decisions:
        if decision.verdict is Verdict.DUE:
            groups.setdefault((decision.reason, decision.allowed), []).append(decision)
    for (reason, allowed), due in groups.items():
        for first in range(0, len(due), most):
            yield reason, allowed, due[first : first + most]


def _decide(segment: SegmentRow, held: Held, rules: Rules, now_utc_us: int) -> Decision:
    rule = rules.rule(segment.camera, segment.start_utc_us)
    deadline = deadline_utc_us(segment.start_utc_us, rule.days, rules.zone)
    reason = rule.reason
    if deadline > now_utc_us:
        verdict = Verdict.KEPT
    elif held.covers(segment):
        verdict = Verdict.HELD
    else:
        verdict = Verdict.DUE
        if reason == "camera" and deadline_utc_us(segment.start_utc_us, rule.cap_days, rules.zone) <= now_utc_us:
            reason = "cap"
    return Decision(segment, verdict, deadline, reason, rule.order)
