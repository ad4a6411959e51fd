"""What a change of retention would mean for footage that is there: asked before anybody makes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TypeAlias

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.deadline import deadline_utc_us
from storage.index.queries import IndexReader
from storage.index.rows import CameraRow, Order, SegmentRow
from storage.keeping.surveys import decisions_by, rules_of
from storage.retention import Rules, Verdict


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one camera: the days of what it records from now on, and what is there that would be destroyed at once."""

    camera: CameraId
    days_before: int
    days: int
    segments: int
    file_bytes: int
    from_utc_us: UtcUs | None
    to_utc_us: UtcUs | None


@dataclass(frozen=True, slots=True)
class OwnDays:
    """A camera's own setting: it keeps so many days at most; None: as many as its order says."""

    camera: CameraId
    retention_days: int | None


Change: TypeAlias = Order | OwnDays
"""An order, entered or changed; or a camera's own setting."""


def effects_of(index: IndexReader, zone: tzinfo, now_utc_us: int, change: Change) -> list[Effect]:
    """Of each camera for which the change makes a difference; held footage stays."""
    before = rules_of(index, zone)
    after = _changed(before, change)
    going: dict[CameraId, list[SegmentRow]] = {}
    for decision in decisions_by(index, after, now_utc_us):
        segment = decision.segment
        if decision.verdict is Verdict.DUE and not _is_due(segment, before, now_utc_us):
            going.setdefault(segment.camera, []).append(segment)
    effects = (
        _effect(camera, before, after, now_utc_us, going.get(CameraId(camera), []))
        for camera in sorted({*before.cameras, *going})
    )
    return [each for each in effects if each.segments or each.days != each.days_before]


def _changed(rules: Rules, change: Change) -> Rules:
    if isinstance(change, Order):
        others = tuple(one for one in rules.orders if one.authorisation != change.authorisation)
        return replace(rules, orders=(*others, change))
    known = rules.cameras.get(change.camera, CameraRow(change.camera, shard=0, retention_days=None, retired=False))
    return replace(
        rules, cameras={**rules.cameras, change.camera: replace(known, retention_days=change.retention_days)}
    )


def _is_due(segment: SegmentRow, rules: Rules, now_utc_us: int) -> bool:
    rule = rules.rule(segment.camera, segment.start_utc_us)
    return deadline_utc_us(segment.start_utc_us, rule.days, rules.zone) <= now_utc_us


def _effect(camera: str, before: Rules, after: Rules, now_utc_us: int, going: Sequence[SegmentRow]) -> Effect:
    return Effect(
        camera=CameraId(camera),
        days_before=before.rule(camera, now_utc_us).days,
        days=after.rule(camera, now_utc_us).days,
        segments=len(going),
        file_bytes=sum(one.file_bytes for one in going),
        from_utc_us=min((one.start_utc_us for one in going), default=None),
        to_utc_us=max((one.end_utc_us for one in going), default=None),
    )
