"""What an order would mean for footage that is there: asked before anybody enters it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.deadline import deadline_utc_us
from storage.index.queries import IndexReader
from storage.index.rows import Order, SegmentRow
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


def effects_of(index: IndexReader, zone: tzinfo, now_utc_us: int, changed: Order) -> list[Effect]:
    """Of each camera for which the order, entered or changed, makes a difference; held footage stays."""
    before = rules_of(index, zone)
    others = tuple(one for one in before.orders if one.authorisation != changed.authorisation)
    after = replace(before, orders=(*others, changed))
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
