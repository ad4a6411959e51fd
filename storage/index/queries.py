"""Questions to the index. `IndexReader` asks beside the keeper; times are UTC microseconds, intervals half open."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, not_, or_, select

from config.database import Location
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.index.conditions import continues_another, has_copy, in_states, is_held, is_in
from storage.index.database import open_for_reading
from storage.index.rows import CameraRow, Coverage, GapRow, HoldScope, Order, Progress, SegmentRow, Timeline, ToCheck
from storage.index.tables import (
    ALLOWANCE,
    AUTHORISATION,
    BOOT,
    CAMERA,
    COPY,
    GAP,
    HOLD_SCOPE,
    PROGRESS,
    SEGMENT,
    STATEMENT,
    SegmentState,
)
from storage.index.timelines import timelines
from storage.ledger.machine import DestroyedOfCamera

PRESENT: Final = (SegmentState.SEALED,)

T = TypeVar("T")

_PAGE: Final = 5000
_DOOMED_AT_ONCE: Final = 100
"""Among so many times what is destroyed at once it is looked for what lies together: a day of 100 cameras."""


_row_of: Final[Callable[..., SegmentRow]] = SegmentRow
_STATE_AT: Final = list(SEGMENT.c.keys()).index("state")
_STATES: Final = {int(state): state for state in SegmentState}


class IndexReader:
    """Queries of one index. Any thread may ask; each question sees one state of the index."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def at(cls, location: Location) -> Self:
        """A reader of the database there. Raises as `open_for_reading`."""
        return cls(open_for_reading(location))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def answer(self, question: Callable[[Connection], T]) -> T:
        """What a question of another module finds (`storage.index.on_volume`)."""
        with self._engine.connect() as connection:
            return question(connection)

    def progress(self) -> Progress:
        """How far the ledger is applied."""
        with self._engine.connect() as connection:
            row = connection.execute(select(PROGRESS.c.applied_size, PROGRESS.c.ledger_utc_us)).one()
        return Progress(row.applied_size, UtcUs(row.ledger_utc_us))

    def rebuilt_utc_us(self) -> UtcUs | None:
        """When this index was begun in place of one that was damaged or gone; None: no such thing is known."""
        with self._engine.connect() as connection:
            found = connection.scalar(select(PROGRESS.c.rebuilt_utc_us))
        return None if found is None else UtcUs(found)

    def segments(
        self, camera: CameraId, from_utc_us: int, to_utc_us: int, states: Collection[SegmentState] = PRESENT
    ) -> list[SegmentRow]:
        """The camera's segments that overlap [from, to), by start. Those of another clock epoch may overlap others."""
        longest = select(PROGRESS.c.longest_us).scalar_subquery()
        query = (
            select(SEGMENT)
            .where(
                SEGMENT.c.camera == camera,
                SEGMENT.c.start_utc_us < to_utc_us,
                SEGMENT.c.start_utc_us >= from_utc_us - longest,
                SEGMENT.c.end_utc_us > from_utc_us,
                in_states(states),
            )
            .order_by(SEGMENT.c.start_utc_us, SEGMENT.c.seg)
        )
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def segment(self, seg: str) -> SegmentRow | None:
        """One segment, in whatever state; None when the ledger never sealed it."""
        with self._engine.connect() as connection:
            row = connection.execute(select(SEGMENT).where(SEGMENT.c.seg == seg)).one_or_none()
        return None if row is None else segment_of(row)

    def gaps(self, camera: CameraId, from_utc_us: int, to_utc_us: int) -> list[GapRow]:
        """The camera's gaps that overlap [from, to), open ones among them, by start."""
        query = (
            select(GAP)
            .where(
                GAP.c.camera == camera,
                GAP.c.from_utc_us < to_utc_us,
                or_(GAP.c.to_utc_us.is_(None), GAP.c.to_utc_us > from_utc_us),
            )
            .order_by(GAP.c.from_utc_us, GAP.c.gap)
        )
        with self._engine.connect() as connection:
            return [_gap(row) for row in connection.execute(query)]

    def coverage(
        self, camera: CameraId, from_utc_us: int, to_utc_us: int, states: Collection[SegmentState] = PRESENT
    ) -> Coverage:
        """What is known of the camera in [from, to), a local day for example."""
        return Coverage(
            segments=tuple(self.segments(camera, from_utc_us, to_utc_us, states)),
            gaps=tuple(self.gaps(camera, from_utc_us, to_utc_us)),
        )

    def timelines(self, from_utc_us: int, to_utc_us: int) -> dict[CameraId, Timeline]:
        """Stretches of footage and gaps of every camera in [from, to): `storage.index.timelines`."""
        with self._engine.connect() as connection:
            return timelines(connection, from_utc_us, to_utc_us)

    def oldest(self) -> dict[CameraId, UtcUs]:
        """The start of the oldest footage that is still there, camera by camera."""
        query = (
            select(func.min(SEGMENT.c.start_utc_us))
            .where(SEGMENT.c.camera == CAMERA.c.camera, in_states(PRESENT))
            .correlate(CAMERA)
            .scalar_subquery()
        )
        with self._engine.connect() as connection:
            rows = connection.execute(select(CAMERA.c.camera, query.label("start"))).all()
        return {CameraId(row.camera): UtcUs(row.start) for row in rows if row.start is not None}

    def holds(self) -> list[HoldScope]:
        """Every hold that did not end, camera by camera; some may have run out by their `until_utc_us`."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(HOLD_SCOPE).order_by(HOLD_SCOPE.c.hold, HOLD_SCOPE.c.camera)).all()
        return [HoldScope(**row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's public name for it

    def continuing(self, now_utc_us: int) -> list[SegmentRow]:
        """Held segments whose first group of pictures began in another; none that is destroyed."""
        query = select(SEGMENT).where(continues_another(), is_held(now_utc_us))
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def recorded_us(self, camera: str, state: SegmentState) -> int:
        """How long the camera's segments in this state last together."""
        length = func.sum(SEGMENT.c.end_utc_us - SEGMENT.c.start_utc_us)
        with self._engine.connect() as connection:
            found = connection.scalar(select(length).where(SEGMENT.c.camera == camera, in_states([state])))
        return int(found or 0)

    def bytes_by_day(self, volume: str) -> list[tuple[str, int, int]]:
        """Of the sealed footage on a volume: camera, day (UTC, counted from 1970), bytes. Reads all of it."""
        day = SEGMENT.c.start_utc_us // US_PER_DAY
        query = (
            select(SEGMENT.c.camera, day, func.sum(SEGMENT.c.file_bytes))
            .where(SEGMENT.c.volume == volume, in_states(PRESENT))
            .group_by(SEGMENT.c.camera, day)
        )
        with self._engine.connect() as connection:
            return [(camera, int(at), int(size)) for camera, at, size in connection.execute(query)]

    def written_since(self, volume: str, since_utc_us: int) -> dict[str, tuple[int, int]]:
        """By camera, when its first segment on the volume since then began, and the bytes of all, destroyed or not."""
        query = (
            select(SEGMENT.c.camera, func.min(SEGMENT.c.start_utc_us), func.sum(SEGMENT.c.file_bytes))
            .where(
                SEGMENT.c.volume == volume, in_states(tuple(SegmentState)), SEGMENT.c.seg >= _first_name(since_utc_us)
            )
            .group_by(SEGMENT.c.camera)
        )
        with self._engine.connect() as connection:
            return {camera: (int(first), int(size)) for camera, first, size in connection.execute(query)}

    def in_state(self, state: SegmentState) -> list[SegmentRow]:
        """Every segment in this state; for one that few are in."""
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(select(SEGMENT).where(is_in(state)))]

    def destroyed_between(self, from_utc_us: int, to_utc_us: int) -> list[tuple[str, DestroyedOfCamera]]:
        """What was destroyed in [from, to), by camera and reason."""
        lost = func.count(SEGMENT.c.lost_utc_us)
        span = func.min(SEGMENT.c.start_utc_us), func.max(SEGMENT.c.end_utc_us)
        totals = func.count(), func.sum(SEGMENT.c.file_bytes), lost
        query = (
            select(SEGMENT.c.camera, SEGMENT.c.expire_reason, *span, *totals)
            .where(SEGMENT.c.expired_utc_us >= from_utc_us, SEGMENT.c.expired_utc_us < to_utc_us)
            .group_by(SEGMENT.c.camera, SEGMENT.c.expire_reason)
            .order_by(SEGMENT.c.camera)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        names = ("reason", "from_utc_us", "to_utc_us", "segments")
        return [
            (row[0], DestroyedOfCamera(**dict(zip(names, row[1:5], strict=True)), bytes=int(row[5]), lost=row[6]))
            for row in rows
        ]

    def last_statement(self) -> str | None:
        """The last local day whose statement is in the ledger (ISO 8601)."""
        with self._engine.connect() as connection:
            last: str | None = connection.scalar(select(func.max(STATEMENT.c.day)))
        return last

    def statement(self, day: str) -> tuple[int, int] | None:
        """The first ledger entry of a day's statement, and how many there are; None: it has none."""
        query = select(STATEMENT.c.ledger_index, STATEMENT.c.parts).where(STATEMENT.c.day == day)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.ledger_index, row.parts)

    def allowed(self, now_utc_us: int) -> frozenset[str]:
        """Cameras of which a person allowed that more than half of the footage is destroyed."""
        query = select(ALLOWANCE.c.camera).where(ALLOWANCE.c.until_utc_us > now_utc_us)
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def cameras(self) -> list[CameraRow]:
        """Every camera that the ledger knows."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(CAMERA).order_by(CAMERA.c.camera)).all()
        return [CameraRow(**row._mapping) for row in rows]  # noqa: SLF001 -- as above

    def orders(self) -> list[Order]:
        """Every authorisation."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(AUTHORISATION).order_by(AUTHORISATION.c.from_utc_us)).all()
        return [Order.of(row) for row in rows]

    def begun_before(
        self, start_utc_us: int, state: SegmentState, limit: int, after: tuple[int, str] = (-1, "")
    ) -> list[SegmentRow]:
        """Up to `limit` segments in this state that began before then, by (start, seg), behind `after`."""
        query = (
            select(SEGMENT)
            .where(
                is_in(state),
                SEGMENT.c.start_utc_us < start_utc_us,
                SEGMENT.c.start_utc_us >= after[0],
                or_(SEGMENT.c.start_utc_us > after[0], SEGMENT.c.seg > after[1]),
            )
            .order_by(SEGMENT.c.start_utc_us, SEGMENT.c.seg)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def doomed(self, now_utc_us: int, limit: int) -> list[SegmentRow]:
        """Segments whose destruction is in the ledger and that no hold covers: of the oldest, some of one camera.

        They lie in few directories, each of which is synced when they are removed.
        """
        oldest = (
            select(SEGMENT.c.seg, SEGMENT.c.camera, SEGMENT.c.start_utc_us)
            .where(is_in(SegmentState.DOOMED), not_(is_held(now_utc_us)))
            .order_by(SEGMENT.c.start_utc_us)
            .limit(limit * _DOOMED_AT_ONCE)
            .subquery()
        )
        near = select(oldest.c.seg).order_by(oldest.c.camera, oldest.c.start_utc_us).limit(limit)
        query = select(SEGMENT).where(SEGMENT.c.seg.in_(near)).order_by(SEGMENT.c.camera, SEGMENT.c.start_utc_us)
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def of_volume(self, volume: str, states: Collection[SegmentState]) -> Iterator[Sequence[SegmentRow]]:
        """Every segment of a volume in these states, page by page."""
        for state in states:
            after = ""
            while page := self._page_of_volume(volume, state, after):
                yield page
                after = page[-1].seg

    def gone_among(self, segs: Collection[str]) -> list[SegmentRow]:
        """Which of these segments are destroyed."""
        query = select(SEGMENT).where(SEGMENT.c.seg.in_(list(segs)), in_states([SegmentState.GONE]))
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def named(self, segs: Collection[str]) -> list[SegmentRow]:
        """These segments, in whatever state; without those that the ledger never sealed."""
        found: list[SegmentRow] = []
        names = sorted(segs)
        with self._engine.connect() as connection:
            for first in range(0, len(names), _PAGE):
                query = select(SEGMENT).where(SEGMENT.c.seg.in_(names[first : first + _PAGE]))
                found += [segment_of(row) for row in connection.execute(query)]
        return found

    def sealed_on(self, volume: str, camera: str, from_utc_us: int, to_utc_us: int) -> set[str]:
        """The names of the camera's sealed segments that began in [from, to) and have a file there, own or copy."""
        query = select(SEGMENT.c.seg).where(
            SEGMENT.c.camera == camera,
            in_states(PRESENT),
            SEGMENT.c.start_utc_us >= from_utc_us,
            SEGMENT.c.start_utc_us < to_utc_us,
            or_(SEGMENT.c.volume == volume, has_copy(COPY.c.volume == volume)),
        )
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def to_check(self, which: ToCheck, after: str, limit: int) -> list[SegmentRow]:
        """Up to `limit` of the segments that a check looks at, by name, behind `after`."""
        query = select(SEGMENT).where(*_chosen(which, after)).order_by(SEGMENT.c.seg).limit(limit)
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def extent_to_check(self, which: ToCheck, after: str) -> tuple[int, int]:
        """How many segments `to_check` would give, page after page, and the bytes of their files."""
        query = select(func.count(), func.sum(SEGMENT.c.file_bytes)).where(*_chosen(which, after))
        with self._engine.connect() as connection:
            count, size = connection.execute(query).one()
        return int(count), int(size or 0)

    def damaged(self, limit: int) -> list[SegmentRow]:
        """The first segments by name whose files are not what was sealed; none that is destroyed."""
        query = select(SEGMENT).where(SEGMENT.c.damaged_utc_us.is_not(None)).order_by(SEGMENT.c.seg).limit(limit)
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def damage(self, now_utc_us: int) -> tuple[int, int]:
        """How many segments have files that are not what was sealed, and how many of them a hold covers."""
        query = select(func.count()).select_from(SEGMENT).where(SEGMENT.c.damaged_utc_us.is_not(None))
        with self._engine.connect() as connection:
            found = int(connection.scalar(query) or 0)
            return found, int(connection.scalar(query.where(is_held(now_utc_us))) or 0) if found else 0

    def held_among(self, segs: Collection[str], now_utc_us: int) -> set[str]:
        """Which of these segments, at most some thousands, a hold covers."""
        query = select(SEGMENT.c.seg).where(SEGMENT.c.seg.in_(list(segs)), is_held(now_utc_us))
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def _page_of_volume(self, volume: str, state: SegmentState, after: str) -> list[SegmentRow]:
        query = (
            select(SEGMENT)
            .where(SEGMENT.c.volume == volume, in_states([state]), SEGMENT.c.seg > after)
            .order_by(SEGMENT.c.seg)
            .limit(_PAGE)
        )
        with self._engine.connect() as connection:
            return [segment_of(row) for row in connection.execute(query)]

    def known_until(self, shard: int) -> dict[CameraId, UtcUs]:
        """How far footage or closed gaps of each camera of the shard reach; retired cameras are left out."""
        # One question per state: each is the end of one stretch of the table's index, all states at once are not.
        parts = [
            select(SEGMENT.c.end_utc_us)
            .where(SEGMENT.c.camera == CAMERA.c.camera, in_states([state]))
            .order_by(SEGMENT.c.start_utc_us.desc())
            .limit(1)
            for state in SegmentState
        ]
        gap = select(GAP.c.to_utc_us).where(GAP.c.camera == CAMERA.c.camera).order_by(GAP.c.from_utc_us.desc()).limit(1)
        ends = [part.correlate(CAMERA).scalar_subquery() for part in (*parts, gap)]
        query = select(CAMERA.c.camera, *ends).where(CAMERA.c.shard == shard, not_(CAMERA.c.retired))
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        known = {row[0]: [end for end in row[1:] if end is not None] for row in rows}
        return {CameraId(camera): UtcUs(max(ends)) for camera, ends in known.items() if ends}

    def open_gaps(self, shard: int) -> list[GapRow]:
        """Gaps that a recorder of this shard opened and nobody closed."""
        boots = select(BOOT.c.boot).where(BOOT.c.shard == shard)
        query = select(GAP).where(GAP.c.to_utc_us.is_(None), GAP.c.boot.in_(boots))
        with self._engine.connect() as connection:
            return [_gap(row) for row in connection.execute(query)]


def _chosen(which: ToCheck, after: str) -> list[ColumnElement[bool]]:
    return [SEGMENT.c.volume == which.volume, *chosen_anywhere(which, after)]


def chosen_anywhere(which: ToCheck, after: str) -> list[ColumnElement[bool]]:
    """The sealed segments that a check looks at, behind this name, on whatever volume their files are."""
    named = [SEGMENT.c.seg > after, SEGMENT.c.seg < _first_name(which.before_utc_us)]
    of_cameras = [SEGMENT.c.camera.in_(sorted(which.cameras))] if which.cameras else []
    begun = [SEGMENT.c.start_utc_us >= which.since_utc_us] if which.since_utc_us else []
    return [in_states(PRESENT), *named, *of_cameras, *begun]


def _first_name(utc_us: int) -> str:
    """Before the name of every segment that was opened then or later: a name begins with that time."""
    return f"{max(utc_us, 0) // 1000:012x}"


def segment_of(row: Row[Any]) -> SegmentRow:
    """The segment that a row of its table describes."""
    # By position: the columns stand in the order of the fields. A day of a camera is hundreds of rows.
    values: tuple[Any, ...] = tuple(row)
    return _row_of(*values[:_STATE_AT], _STATES[values[_STATE_AT]], *values[_STATE_AT + 1 :])


def _gap(row: Row[Any]) -> GapRow:
    return GapRow(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name for it
