"""Footage that is lost, as the ledger is told of it: what a comparison missed, and what lay on a discarded volume."""

from collections.abc import Collection, Sequence
from typing import Final

from storage.faults import Fault
from storage.index.lives import TAKEN_OUT
from storage.index.on_volume import LostStretch, discarded, lost_under_hold
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.ledger.machine import Missing

HELD_LOST: Final = "held-lost"


def missing_of(row: SegmentRow, why: str) -> Missing:
    """The entry that tells this segment as lost."""
    return Missing(seg=row.seg, camera=row.camera, start_utc_us=row.start_utc_us, end_utc_us=row.end_utc_us, why=why)


def lost_under_holds(index: IndexReader, *, now_utc_us: int) -> dict[str, str]:
    """What is lost of held footage, as faults of the keeper: a judicial authority waits for it, and must be told."""
    by_hold: dict[str, list[LostStretch]] = {}
    for one in index.answer(lambda connection: lost_under_hold(connection, now_utc_us)):
        by_hold.setdefault(one.hold, []).append(one)
    return {f"{HELD_LOST} {hold}": _lost(hold, lost) for hold, lost in by_hold.items()}


def _lost(hold: str, lost: Sequence[LostStretch]) -> Fault:
    stretches = [one.stretch for one in lost]
    told = (
        f"{what.camera}, from_utc_us={what.from_utc_us} to_utc_us={what.to_utc_us}, {what.segments} segments: "
        f"{one.why}, lost_utc_us={one.lost_utc_us}"
        for one, what in zip(lost, stretches, strict=True)
    )
    return Fault.told(
        "; ".join(told),
        HELD_LOST,
        hold=hold,
        segments=sum(what.segments for what in stretches),
        cameras=", ".join(sorted({what.camera for what in stretches})),
        from_utc_us=min(what.from_utc_us for what in stretches),
        to_utc_us=max(what.to_utc_us for what in stretches),
    )


def left_on_discarded(index: IndexReader, *, in_use: Collection[str]) -> list[Missing]:
    """Sealed segments on volumes that were taken out for good and did not come back: told only afterwards."""
    volumes = [volume for volume in index.answer(discarded) if volume not in in_use]
    pages = (page for volume in volumes for page in index.of_volume(volume, [SegmentState.SEALED]))
    return [missing_of(row, TAKEN_OUT) for page in pages for row in page]
