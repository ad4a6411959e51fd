"""What a check found, for people and machines."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from nvr.base.units import UtcUs
from storage.index.rows import SegmentRow
from storage.reconcile import Findings
from storage.sealing import SealedSegment
from storage.volume import Volume

MOST_SHOWN: Final = 1000
"""So many findings are kept one by one; all are counted."""


class Kind(StrEnum):
    """What was found of a segment or a file, and what became of it."""

    MISSING = "missing"
    """The index has it, the disk has not: `missing` is in the ledger, it is Lost."""
    DAMAGED = "damaged"
    """Its file is not what was sealed: `damaged` is in the ledger; its whole records can still be opened."""
    UNREADABLE = "unreadable"
    """A file or directory that is no segment of ours, or can not be read; it stays."""
    UNKNOWN = "unknown"
    """A whole segment that the ledger was never told of: `seal` is in the ledger."""
    LEFTOVER = "leftover"
    """The file of a destroyed segment: removed."""
    BACK = "back"
    """It was Lost, and is there again, whole: Sealed."""
    COPY = "copy"
    """The second file of a segment is not there, or not what was sealed: `uncopied` is in the ledger."""
    WHOLE = "whole"
    """It was damaged, and was read whole: it is damaged no more."""


GOOD: Final = frozenset({Kind.BACK, Kind.WHOLE})


@dataclass(frozen=True, slots=True)
class Finding:
    """One segment or file; `why` in a technician's words. `held`: a hold covers it."""

    kind: Kind
    volume: str
    segment: str | None
    camera: str | None
    start_utc_us: UtcUs | None
    end_utc_us: UtcUs | None
    why: str | None = None
    held: bool = False


@dataclass(slots=True)
class Report:
    """Counts everything, keeps the first findings."""

    counts: Counter[Kind] = field(default_factory=Counter)
    shown: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """One more."""
        self.counts[finding.kind] += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(finding)

    def to_json(self) -> dict[str, Any]:
        """`counts` by kind, and `findings`, the first of them."""
        return {"counts": dict(self.counts), "findings": [asdict(finding) for finding in self.shown]}


def of_segment(
    kind: Kind, volume: Volume, one: SegmentRow, *, why: str | None = None, held: Collection[str] = ()
) -> Finding:
    """What was found of a segment that the index has."""
    return Finding(kind, str(volume.path), one.seg, one.camera, one.start_utc_us, one.end_utc_us, why, one.seg in held)


def of_comparison(volume: Volume, found: Findings, held: Collection[str]) -> Iterator[Finding]:
    """What a comparison of the volume with the index found."""
    yield from (of_segment(Kind.MISSING, volume, row, held=held) for row in found.missing)
    yield from (of_segment(Kind.LEFTOVER, volume, row) for row in (*found.leftover, *found.surplus))
    yield from (of_segment(Kind.COPY, volume, row, why="not there", held=held) for row in found.missing_copies)
    for kind, segments in ((Kind.UNKNOWN, found.unknown), (Kind.BACK, found.back)):
        yield from (_of_sealed(kind, volume, one) for one in segments)
    for path, why in found.damaged:
        yield Finding(Kind.UNREADABLE, str(volume.path), None, None, None, None, f"{path.name}: {why}")


def _of_sealed(kind: Kind, volume: Volume, one: SealedSegment) -> Finding:
    return Finding(kind, str(volume.path), one.segment, one.camera, one.start_utc_us, one.end_utc_us)
