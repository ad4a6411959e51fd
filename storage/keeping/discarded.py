"""Footage that is lost or damaged, as the ledger is told of it: by a comparison, a check, or with its volume."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, Literal

from storage.faults import Fault
from storage.index.lives import TAKEN_OUT
from storage.index.on_evidence import copies_named
from storage.index.on_volume import LostStretch, discarded, lost_under_hold
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.ledger.machine import SEGMENTS_PER_ENTRY, Damaged, Missing, Uncopied

HELD_LOST: Final = "held-lost"


def missing_of(row: SegmentRow, why: str) -> Missing:
    """The entry that tells the segment's file as missing on its volume."""
    start, end = row.start_utc_us, row.end_utc_us
    return Missing(seg=row.seg, camera=row.camera, start_utc_us=start, end_utc_us=end, why=why, volume=row.volume)


def damaged_of(row: SegmentRow, why: str | None, mended_from: str | None = None) -> Damaged:
    """The entry that tells the segment's file as damaged; None: it is whole again.

    `mended_from`: it is about to be mended from its copy on this volume.
    """
    start, end = row.start_utc_us, row.end_utc_us
    return Damaged(seg=row.seg, camera=row.camera, start_utc_us=start, end_utc_us=end, why=why, mended_from=mended_from)


def uncopied_of(volume: str, segs: Collection[str], why: Literal["missing", "damaged"]) -> list[Uncopied]:
    """The entries that tell these copies on a volume as gone."""
    names = sorted(segs)
    parts = (names[first : first + SEGMENTS_PER_ENTRY] for first in range(0, len(names), SEGMENTS_PER_ENTRY))
    return [Uncopied(volume=volume, segs=tuple(part), why=why) for part in parts]


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


def left_on_discarded(index: IndexReader, *, in_use: Collection[str]) -> list[Missing | Uncopied]:
    """Sealed segments and copies on volumes that were taken out for good and did not come back: told afterwards."""
    found: list[Missing | Uncopied] = []
    for volume in index.answer(discarded):
        if volume not in in_use:
            found += uncopied_of(volume, index.answer(partial(copies_named, volume=volume)), "missing")
            pages = index.of_volume(volume, [SegmentState.SEALED])
            found += [missing_of(row, TAKEN_OUT) for page in pages for row in page]
    return found
