"""Footage that was recorded and is no more: destroyed, or lost; since when, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from nvr.base.units import UtcUs
from storage.index.rows import SegmentRow
from storage.index.stretches import JOINT_US
from storage.index.tables import SegmentState


@dataclass(frozen=True, slots=True)
class Vanished:
    """A stretch of a camera. `since_utc_us` is when the first of it went: None while its destruction is under way."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs
    cause: Literal["destroyed", "lost"]
    since_utc_us: UtcUs | None
    why: str | None


def vanished(rows: Iterable[SegmentRow]) -> tuple[Vanished, ...]:
    """Of segments of one camera, by start: what went, joined where it went for the same reason."""
    found: list[Vanished] = []
    for row in rows:
        if row.state is SegmentState.SEALED:
            continue
        one = _of(row)
        if found and _is_same(found[-1], one):
            since = [each for each in (found[-1].since_utc_us, one.since_utc_us) if each is not None]
            found[-1] = replace(
                found[-1],
                to_utc_us=max(found[-1].to_utc_us, one.to_utc_us),
                since_utc_us=min(since) if since else None,
            )
        else:
            found.append(one)
    return tuple(found)


def _of(row: SegmentRow) -> Vanished:
    if row.state is SegmentState.LOST:
        return Vanished(row.start_utc_us, row.end_utc_us, "lost", row.lost_utc_us, row.lost_why)
    return Vanished(row.start_utc_us, row.end_utc_us, "destroyed", row.expired_utc_us, row.expire_reason)


def _is_same(before: Vanished, one: Vanished) -> bool:
    near = one.from_utc_us <= before.to_utc_us + JOINT_US
    return near and (before.cause, before.why) == (one.cause, one.why)
