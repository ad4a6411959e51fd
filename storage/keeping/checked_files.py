"""The files that a check looks at on a volume: those of its segments, and the copies of others."""

from functools import partial

from storage.index.on_evidence import copies_extent, copies_to_check
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow, ToCheck


def files_to_check(index: IndexReader, which: ToCheck, after: str, limit: int) -> list[SegmentRow]:
    """Up to `limit` of them, by name, behind `after`; of a copy, its segment's row, which names another volume."""
    own = index.to_check(which, after, limit)
    copies = index.answer(partial(copies_to_check, which=which, after=after, limit=limit))
    return sorted([*own, *copies], key=lambda row: row.seg)[:limit]


def extent_of(index: IndexReader, which: ToCheck, after: str) -> tuple[int, int]:
    """How many files those are, page after page, and their bytes."""
    files, size = index.extent_to_check(which, after)
    copies = index.answer(partial(copies_extent, which=which, after=after))
    return files + copies.segments, size + copies.bytes
