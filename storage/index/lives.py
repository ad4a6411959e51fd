"""What an entry changes in the life of a segment (docs/design/storage.md, "The life of a segment").

Each change names the states that it leaves, so that any entry may come at any time: what does not fit changes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Update, and_, case, func, not_, null, update

from storage.index.conditions import in_states, is_held, is_in
from storage.index.copies import Copies
from storage.index.stretches import Stretches
from storage.index.tables import SEGMENT, SegmentState

EXISTING: Final = (SegmentState.SEALED, SegmentState.LOST)
"""What may be destroyed: lost footage is judged like all other."""

TAKEN_OUT: Final = "its volume was taken out for good"


class Lives:
    """The changes of one transaction. Stretches follow whatever becomes, or no longer is, sealed."""

    def __init__(self, connection: Connection, stretches: Stretches) -> None:
        self._connection = connection
        self._stretches = stretches
        self._copies = Copies(connection)

    def doom(self, segs: Collection[str], reason: str, now_utc_us: int) -> None:
        """The destruction of these is in the ledger: Doomed, but for those that a hold covers."""
        self._change(
            update(SEGMENT)
            .where(SEGMENT.c.seg.in_(list(segs)), in_states(EXISTING), not_(is_held(now_utc_us)))
            .values(state=int(SegmentState.DOOMED), expire_reason=reason)
        )

    def destroyed(self, segs: Collection[str], when_utc_us: int) -> None:
        """These are Gone, whatever they were: who destroyed them says so. What is told again was destroyed before."""
        whole: dict[str, Any] = {"damaged_utc_us": null(), "damaged_why": null()}
        gone = update(SEGMENT).values(state=int(SegmentState.GONE), expired_utc_us=when_utc_us, **whole)
        these = gone.where(SEGMENT.c.seg.in_(list(segs)))
        # What was doomed or lost was in no stretch: deriving its day would read the day for nothing.
        self._connection.execute(these.where(in_states([SegmentState.DOOMED, SegmentState.LOST])))
        self._change(these.where(in_states([SegmentState.SEALED])))
        self._copies.gone(segs)

    def lost(self, seg: str, volume: str | None, when_utc_us: int, why: str) -> None:
        """The segment's file is not on this volume: its copy stands for it, or it is Lost since then.

        A doomed one stays doomed, and is known to be lost. A segment whose file is on another volume by now stays as
        it is; None: wherever its file was.
        """
        which = SEGMENT.c.seg == seg
        if volume is not None:
            which = and_(which, SEGMENT.c.volume == volume)
        if not self._copies.stand_in(which):
            self._lose(which, when_utc_us, why)

    def lost_with(self, volume: str, when_utc_us: int) -> None:
        """All that lies on a volume goes with it: copies, and files; what has no copy elsewhere is lost since then."""
        self._copies.gone_with(volume)
        self._copies.stand_in(SEGMENT.c.volume == volume)
        self._lose(SEGMENT.c.volume == volume, when_utc_us, TAKEN_OUT)

    def copied(self, segs: Collection[str], volume: str, when_utc_us: int) -> None:
        """These have a verified copy on this volume; one that was lost meanwhile is there again, on it."""
        self._find(SEGMENT.c.seg.in_(list(segs)), volume)
        self._copies.made(segs, volume, when_utc_us)

    def uncopied(self, segs: Collection[str], volume: str) -> None:
        """Their copies on this volume count no more."""
        self._copies.gone(segs, volume)

    def _lose(self, which: ColumnElement[bool], when_utc_us: int, why: str) -> None:
        was = [SegmentState.SEALED, SegmentState.DOOMED]
        self._change(
            update(SEGMENT)
            .where(which, in_states(was), SEGMENT.c.lost_utc_us.is_(None))
            .values(
                state=case((is_in(SegmentState.SEALED), int(SegmentState.LOST)), else_=SEGMENT.c.state),
                lost_utc_us=when_utc_us,
                lost_why=why,
            )
        )

    def found(self, again: Mapping[str, Any], when_utc_us: int) -> None:
        """A lost segment is there again, whole, on this volume: Sealed, or still doomed. One that is there has two."""
        self._find(SEGMENT.c.seg == again["seg"], again["volume"])
        self._copies.found_elsewhere(again["seg"], again["volume"], when_utc_us)

    def _find(self, which: ColumnElement[bool], volume: str) -> None:
        was = [SegmentState.LOST, SegmentState.DOOMED]
        self._change(
            update(SEGMENT)
            .where(which, in_states(was), SEGMENT.c.lost_utc_us.is_not(None))
            .values(
                state=case((is_in(SegmentState.LOST), int(SegmentState.SEALED)), else_=SEGMENT.c.state),
                volume=volume,
                lost_utc_us=null(),
                lost_why=null(),
                damaged_utc_us=null(),
                damaged_why=null(),
            )
        )

    def damaged(self, seg: str, when_utc_us: int, why: str | None) -> None:
        """The segment's file is not what was sealed, since the first time that it was told; None: whole again."""
        since = null() if why is None else func.coalesce(SEGMENT.c.damaged_utc_us, when_utc_us)
        self._connection.execute(
            update(SEGMENT)
            .where(SEGMENT.c.seg == seg, SEGMENT.c.state != int(SegmentState.GONE))
            .values(damaged_utc_us=since, damaged_why=why)
        )

    def take_back(self, now_utc_us: int) -> None:
        """Doomed segments that a hold covers now are what they were: Sealed, or Lost."""
        before = case((SEGMENT.c.lost_utc_us.is_(None), int(SegmentState.SEALED)), else_=int(SegmentState.LOST))
        self._change(
            update(SEGMENT)
            .where(is_in(SegmentState.DOOMED), is_held(now_utc_us))
            .values(state=before, expire_reason=null())
        )

    def _change(self, states: Update) -> None:
        changed = self._connection.execute(states.returning(SEGMENT.c.camera, SEGMENT.c.start_utc_us)).all()
        self._stretches.derive((camera, start) for camera, start in changed)
