"""Which held segments have a second copy, which wait for one, and which copies nobody needs any more.

Held segments are found from the holds, and their copies by name: no question reads what nobody holds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, select

from nvr.base.units import US_PER_DAY
from storage.index.conditions import has_copy, held_sealed, in_states, is_held
from storage.index.on_volume import Total, running, touched_by
from storage.index.queries import PRESENT, chosen_anywhere, segment_of
from storage.index.rows import SegmentRow, ToCheck
from storage.index.tables import COPY, SEGMENT, SegmentState

_AT_ONCE: Final = 5000
"""Names in one question: databases take some ten thousand."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Held footage that is there once, and twice."""

    once: Total
    twice: Total

    @property
    def bytes(self) -> int:
        """Of the footage, each segment counted once."""
        return self.once.bytes + self.twice.bytes

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.once + other.once, self.twice + other.twice)


def copies_of(connection: Connection, segs: Collection[str]) -> dict[str, str]:
    """On which volume each of these segments has its copy; without those that have none."""
    names, found = list(segs), dict[str, str]()
    for first in range(0, len(names), _AT_ONCE):
        query = select(COPY.c.seg, COPY.c.volume).where(COPY.c.seg.in_(names[first : first + _AT_ONCE]))
        found.update((row.seg, row.volume) for row in connection.execute(query))
    return found


def copies_to_check(connection: Connection, which: ToCheck, after: str, limit: int) -> list[SegmentRow]:
    """Up to `limit` of the sealed segments whose copies on the volume a check looks at, by name, behind `after`."""
    chosen = (COPY.c.seg > after, *chosen_anywhere(which, after))
    query = _copied(which.volume, SEGMENT).where(*chosen).order_by(COPY.c.seg).limit(limit)
    return [segment_of(row) for row in connection.execute(query)]


def copies_extent(connection: Connection, which: ToCheck, after: str) -> Total:
    """How many `copies_to_check` would give, page after page."""
    query = _copied(which.volume, *_COUNTS).where(*chosen_anywhere(which, after))
    return _total(*connection.execute(query).one())


def copies_total(connection: Connection, volume: str) -> Total:
    """All copies on the volume, by what the ledger says."""
    return _total(*connection.execute(_copied(volume, *_COUNTS)).one())


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves with a volume: segments that have no other file, those of them that holds keep, and copies."""

    lost: Total
    held: Total
    copies: Total


def leaving_with(connection: Connection, volume: str, now_utc_us: int) -> Leaving:
    """What would be lost if the volume left for good now."""
    query = select(*_COUNTS).where(SEGMENT.c.volume == volume, in_states(PRESENT), not_(has_copy()))
    return Leaving(
        lost=_total(*connection.execute(query).one()),
        held=_total(*connection.execute(query.where(is_held(now_utc_us))).one()),
        copies=copies_total(connection, volume),
    )


def copied_since(connection: Connection, since_utc_us: int) -> Total:
    """The copies that were made since then and are there still, on any volume."""
    query = select(*_COUNTS).join_from(COPY, SEGMENT, COPY.c.seg == SEGMENT.c.seg)
    return _total(*connection.execute(query.where(COPY.c.copied_utc_us >= since_utc_us)).one())


def copies_named(connection: Connection, volume: str) -> list[str]:
    """The names of all segments with a copy on the volume."""
    return list(connection.scalars(select(COPY.c.seg).where(COPY.c.volume == volume).order_by(COPY.c.seg)))


def days_of_copies(connection: Connection, volume: str) -> set[tuple[str, int]]:
    """Of the copies on a volume: camera and day (UTC, counted from 1970)."""
    query = _copied(volume, SEGMENT.c.camera, SEGMENT.c.start_utc_us // US_PER_DAY).distinct()
    return {(camera, int(day)) for camera, day in connection.execute(query)}


def without_copy(
    connection: Connection, now_utc_us: int, volumes: Collection[str], after: str, limit: int
) -> list[SegmentRow]:
    """Up to `limit` held segments that lie, whole as far as is known, on these volumes alone, by name behind `after`.

    By name is the order in which they were opened: the oldest first.
    """
    alone = (
        SEGMENT.c.seg > after,
        SEGMENT.c.volume.in_(list(volumes)),
        SEGMENT.c.damaged_utc_us.is_(None),
        not_(has_copy()),
    )
    held = SEGMENT.c.seg.in_(held_sealed(connection, now_utc_us, *alone))
    query = select(SEGMENT).where(held, *alone).order_by(SEGMENT.c.seg).limit(limit)
    return [segment_of(row) for row in connection.execute(query)]


def damaged_with_copy(connection: Connection, volumes: Collection[str], after: str, limit: int) -> list[SegmentRow]:
    """Up to `limit` sealed segments whose own file is known to be damaged and that have a copy, by name behind `after`.

    Of those, the ones of which both files are on these volumes.
    """
    query = (
        select(SEGMENT)
        .join_from(SEGMENT, COPY, COPY.c.seg == SEGMENT.c.seg)
        .where(
            SEGMENT.c.damaged_utc_us.is_not(None),
            in_states(PRESENT),
            SEGMENT.c.seg > after,
            SEGMENT.c.volume.in_(list(volumes)),
            COPY.c.volume.in_(list(volumes)),
        )
        .order_by(SEGMENT.c.seg)
        .limit(limit)
    )
    return [segment_of(row) for row in connection.execute(query)]


def without_hold(connection: Connection, volume: str, now_utc_us: int, after: str, limit: int) -> list[SegmentRow]:
    """Up to `limit` sealed segments with a copy on the volume that no hold keeps any more, by name behind `after`.

    None whose own file is known to be damaged: its copy may be all that is whole.
    """
    free = (in_states(PRESENT), not_(is_held(now_utc_us)), SEGMENT.c.damaged_utc_us.is_(None), COPY.c.seg > after)
    query = _copied(volume, SEGMENT).where(*free).order_by(COPY.c.seg).limit(limit)
    return [segment_of(row) for row in connection.execute(query)]


def kept_now(connection: Connection, now_utc_us: int, before_utc_us: int) -> tuple[Kept, Total]:
    """What holds keep, each segment counted once; and what of it is there once and ended before then."""
    late = and_(COPY.c.seg.is_(None), SEGMENT.c.end_utc_us < before_utc_us)
    query = _both(func.count().filter(late), func.sum(SEGMENT.c.file_bytes).filter(late))
    *kept, segments, size = connection.execute(
        query.where(SEGMENT.c.seg.in_(held_sealed(connection, now_utc_us)))
    ).one()
    return _kept(*kept), _total(segments, size)


def kept_by_hold(connection: Connection, now_utc_us: int) -> dict[str, Kept]:
    """What each hold that runs covers: segments under several holds count for each of them."""
    found: dict[str, Kept] = {}
    for hold in running(connection, now_utc_us):
        kept = _kept(*connection.execute(_both().where(*touched_by(hold, SegmentState.SEALED))).one())
        found[hold.hold] = found[hold.hold] + kept if hold.hold in found else kept
    return found


_COUNTS = (func.count(), func.sum(SEGMENT.c.file_bytes))


def _both(*more: ColumnElement[Any]) -> Select[Any]:
    of_copies = func.count(COPY.c.seg), func.sum(SEGMENT.c.file_bytes).filter(COPY.c.seg.is_not(None))
    what: tuple[Any, ...] = (*_COUNTS, *of_copies, *more)
    return select(*what).select_from(SEGMENT).outerjoin(COPY, COPY.c.seg == SEGMENT.c.seg)


def _copied(volume: str, *what: Any) -> Select[Any]:  # noqa: ANN401 -- tables and columns
    return select(*what).join_from(COPY, SEGMENT, COPY.c.seg == SEGMENT.c.seg).where(COPY.c.volume == volume)


def _total(segments: int, size: int | None) -> Total:
    return Total(segments, int(size or 0))


def _kept(segments: int, size: int | None, copies: int, copied: int | None) -> Kept:
    twice = _total(copies, copied)
    return Kept(once=Total(segments - copies, int(size or 0) - twice.bytes), twice=twice)
