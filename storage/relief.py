"""What makes room on a full volume, and what fills it when nothing may be taken. Pure.

Under hold, and younger than its order's minimum, footage stays whatever the room: recording moves on to another volume.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.deadline import deadline_utc_us
from storage.holds import Held, held_now
from storage.index.rows import HoldScope, SegmentRow
from storage.retention import Decision, Rules, Verdict
from storage.retention_guards import FULL, Halt, in_gib


def plan_relief(
    segments: Iterable[SegmentRow], held: Held, rules: Rules, now_utc_us: int, wanted_bytes: int
) -> list[Decision]:
    """What to destroy before its time because a disk is full: the oldest first, until so many bytes are found."""
    chosen = []
    freed = 0
    for segment in sorted(segments, key=lambda one: (one.start_utc_us, one.seg)):
        if freed >= wanted_bytes:
            break
        if held.covers(segment) or is_within_minimum(segment, rules, now_utc_us):
            continue
        rule = rules.rule(segment.camera, segment.start_utc_us)
        deadline = deadline_utc_us(segment.start_utc_us, rule.days, rules.zone)
        chosen.append(Decision(segment, Verdict.DUE, deadline, "pressure", rule.order))
        freed += segment.file_bytes
    return chosen


def is_within_minimum(segment: SegmentRow, rules: Rules, now_utc_us: int) -> bool:
    """Whether the order demands that the segment is kept yet."""
    rule = rules.rule(segment.camera, segment.start_utc_us)
    if not rule.minimum_days:
        return False
    return deadline_utc_us(segment.start_utc_us, rule.minimum_days, rules.zone) > now_utc_us


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills a volume on which nothing may be destroyed; footage under several holds counts for each of them."""

    holds: Mapping[str, int]
    held_bytes: int
    minimum_bytes: int


def filling(
    segments: Sequence[SegmentRow],
    scopes: Sequence[HoldScope],
    continuing: Sequence[SegmentRow],
    rules: Rules,
    now_utc_us: int,
) -> Filling:
    """How many bytes each hold keeps there, all of them together, and the orders' minimum beside them."""
    by_hold: dict[str, list[HoldScope]] = {}
    for scope in scopes:
        by_hold.setdefault(scope.hold, []).append(scope)
    keeping = {hold: held_now(own, continuing, now_utc_us) for hold, own in by_hold.items()}
    kept = {hold: sum(one.file_bytes for one in segments if held.covers(one)) for hold, held in keeping.items()}
    held = held_now(scopes, continuing, now_utc_us)
    return Filling(
        holds={hold: size for hold, size in kept.items() if size},
        held_bytes=sum(one.file_bytes for one in segments if held.covers(one)),
        minimum_bytes=sum(
            one.file_bytes for one in segments if not held.covers(one) and is_within_minimum(one, rules, now_utc_us)
        ),
    )


def full(volume: str, found: Filling, short_bytes: int) -> Halt:
    """Nothing more may be destroyed on a volume that needs room."""
    ordered = sorted(found.holds.items(), key=lambda one: (-one[1], one[0]))
    fields: dict[str, str | int] = {
        "volume": volume,
        "short": in_gib(short_bytes),
        "held": in_gib(found.held_bytes),
        "holds": ", ".join(f"{hold} {in_gib(size)}" for hold, size in ordered) or "-",
        "minimum": in_gib(found.minimum_bytes),
    }
    return Halt(FULL, volume, fields)
