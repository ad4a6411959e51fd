"""What entries change of second copies (docs/design/storage.md, "Evidence volume").

A segment has one copy at most, on another volume than its own file. What does not fit changes nothing.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, null, select, update

from storage.index.conditions import in_states
from storage.index.tables import COPY, SEGMENT, SegmentState

_AT_ONCE: Final = 1000
_THERE: Final = (SegmentState.SEALED, SegmentState.DOOMED)


class Copies:
    """The changes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def made(self, segs: Collection[str], volume: str, when_utc_us: int) -> None:
        """These segments, as far as their own file lies elsewhere, have a copy on this volume; none has another."""
        own = select(SEGMENT.c.seg).where(SEGMENT.c.seg.in_(list(segs)), in_states(_THERE), SEGMENT.c.volume != volume)
        self._put([(seg, volume) for seg in self._connection.scalars(own)], when_utc_us)

    def gone(self, segs: Collection[str], volume: str | None = None) -> None:
        """The copies of these segments, on this volume or (None) wherever, count no more."""
        where = [COPY.c.seg.in_(list(segs)), *([] if volume is None else [COPY.c.volume == volume])]
        self._connection.execute(delete(COPY).where(*where))

    def gone_with(self, volume: str) -> None:
        """All copies on this volume count no more."""
        self._connection.execute(delete(COPY).where(COPY.c.volume == volume))

    def stand_in(self, which: ColumnElement[bool]) -> bool:
        """The copies of these segments, whose own files are lost, are their files from now on; whether there were any.

        What was known to be damaged is the file that is lost.
        """
        copy = select(COPY.c.volume).where(COPY.c.seg == SEGMENT.c.seg).scalar_subquery()
        moved = (
            update(SEGMENT)
            .where(which, in_states(_THERE), SEGMENT.c.lost_utc_us.is_(None), SEGMENT.c.seg.in_(select(COPY.c.seg)))
            .values(volume=copy, **_WHOLE)
            .returning(SEGMENT.c.seg)
        )
        segs = list(self._connection.scalars(moved))
        for first in range(0, len(segs), _AT_ONCE):
            self.gone(segs[first : first + _AT_ONCE])
        return bool(segs)

    def found_elsewhere(self, seg: str, volume: str, when_utc_us: int) -> None:
        """A segment that is there is there on this volume, too: that is its file, and the one that it had its copy."""
        there = (SEGMENT.c.seg == seg, in_states(_THERE), SEGMENT.c.lost_utc_us.is_(None), SEGMENT.c.volume != volume)
        before = self._connection.scalar(select(SEGMENT.c.volume).where(*there))
        if before is not None:
            self._connection.execute(update(SEGMENT).where(SEGMENT.c.seg == seg).values(volume=volume, **_WHOLE))
            self._put([(seg, before)], when_utc_us)

    def _put(self, copies: Collection[tuple[str, str]], when_utc_us: int) -> None:
        if copies:
            self.gone([seg for seg, _ in copies])
            rows = [{"seg": seg, "volume": volume, "copied_utc_us": when_utc_us} for seg, volume in copies]
            self._connection.execute(insert(COPY), rows)


_WHOLE: Final[dict[str, Any]] = {"damaged_utc_us": null(), "damaged_why": null()}
