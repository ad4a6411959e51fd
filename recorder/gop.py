"""Access units to records: where one ends, and what it says of itself. Pure; the bytes stay where they are."""

from array import array
from typing import Final

from nvr.base.units import TICKS_PER_SECOND, Ticks90k, UtcUs
from storage.records import RandomAccess, Record

MAX_RECORD_90K: Final = 2 * TICKS_PER_SECOND
"""A kill loses at most the open record (DESIGN.md "Numbers to reach")."""
MAX_RECORD_BYTES: Final = 8 * 1024 * 1024
HOLE_90K: Final = TICKS_PER_SECOND
"""A hole is a step of more than two frame intervals and this."""
DEFAULT_STEP_90K: Final = TICKS_PER_SECOND // 25

MAX_LEADING_90K: Final = TICKS_PER_SECOND
"""How long before its first picture in decoding order others of a record may be shown: cameras reorder a few."""
_NEVER_90K: Final = -(1 << 62)
"""Before any time of a run."""


class GopBuilder:
    """The open record of one run: times and sizes of its access units, in decode order.

    Ask `ends_before` of each unit, `close` when it says so, then `add` it. With `intra_only` every unit is a random
    access point, and none ends a record by that: each would cost a key.
    """

    def __init__(self, *, step_90k: int = DEFAULT_STEP_90K, intra_only: bool = False) -> None:
        self.step_90k = step_90k
        self._intra_only = intra_only
        self._first_90k = 0
        self._earliest_90k = 0
        self._newest_90k = 0
        self._last_90k = 0
        self._floor_90k = _NEVER_90K
        self._covered_90k = _NEVER_90K
        self._began = self._reorders = False
        self._bytes = 0
        self._lost = 0
        self._random_access = RandomAccess.NONE
        self._sizes = array("I")
        self._deltas_90k = array("i")

    @property
    def units(self) -> int:
        """Access units in the open record."""
        return len(self._sizes)

    @property
    def awaits_earlier(self) -> bool:
        """Whether the next units may be shown before the first one of the open record, and belong to it."""
        starts = self.units > 0 and self._newest_90k == self._first_90k
        return starts and self._reorders and self._random_access is not RandomAccess.IDR

    @property
    def earliest_90k(self) -> int:
        """When the first of the units of the open record is shown; of the last record's while none is open."""
        return self._earliest_90k

    def goes_back(self, pts_90k: int, *, opens: bool) -> bool:
        """Whether the record that holds this unit, or `opens` with it, would begin too early.

        That is no later than the one before, or MAX_LEADING_90K before its own first unit.
        Records begin in the order in which they are decoded: who sees that one begins after an interval knows it of all
        that follow.
        """
        if opens:
            return self._began and pts_90k <= self._earliest_90k
        return pts_90k <= self._floor_90k or pts_90k < self._first_90k - MAX_LEADING_90K

    def ends_before(self, pts_90k: int, size: int, random_access: RandomAccess) -> bool:
        """Whether a record begins with this unit: the open one ends before it, or none is open."""
        return (
            not self._sizes
            or (random_access is not RandomAccess.NONE and not self._intra_only)
            or pts_90k - self._first_90k >= MAX_RECORD_90K
            or self._bytes + size > MAX_RECORD_BYTES
            or pts_90k - self._last_90k > 2 * self.step_90k + HOLE_90K
        )

    def is_hole(self, pts_90k: int) -> bool:
        """Whether units are missing between the last one, if there was one, and this."""
        return self._began and pts_90k - self._last_90k > 2 * self.step_90k + HOLE_90K

    def add(self, pts_90k: int, size: int, random_access: RandomAccess, lost: int) -> None:
        """Put the unit into the open record; the first one opens it."""
        if not self._sizes:
            self._first_90k = self._earliest_90k = self._newest_90k = pts_90k
            self._random_access = random_access
        elif pts_90k > self._newest_90k:
            self._newest_90k = pts_90k
        elif pts_90k < self._earliest_90k:
            self._earliest_90k = pts_90k
        if self._began and self._last_90k != pts_90k:
            self.step_90k = abs(pts_90k - self._last_90k)
            self._reorders |= pts_90k < self._last_90k
        self._began = True
        self._last_90k = pts_90k
        self._sizes.append(size)
        self._deltas_90k.append(pts_90k - self._first_90k)
        self._bytes += size
        self._lost += lost

    def extend(self, size: int, lost: int) -> None:
        """Let the last unit grow: the camera sent it in several parts with one time stamp."""
        self._sizes[-1] += size
        self._bytes += size
        self._lost += lost

    def close(self, data: bytearray, *, next_90k: int | None) -> Record:
        """The open record, with `data` as its bytes and no wall time yet.

        It begins where its earliest unit is shown. `next_90k` is the presentation time of the first unit of the next
        record, up to which it lasts at most; without it, across a hole, and where that unit is shown before the last
        one of this record, the end is extrapolated from the mean frame interval. It never ends before the record before
        it.
        """
        earliest_90k = self._earliest_90k
        end_90k = earliest_90k + self._extrapolated_90k()
        if next_90k is not None and next_90k > self._newest_90k:
            end_90k = min(end_90k, next_90k) if self.is_hole(next_90k) else next_90k
        self._floor_90k, self._covered_90k = earliest_90k, max(end_90k, self._covered_90k)
        if ahead_90k := self._first_90k - earliest_90k:
            self._deltas_90k = array("i", [delta_90k + ahead_90k for delta_90k in self._deltas_90k])
        record = Record(
            start_utc_us=UtcUs(0),
            pts_90k=Ticks90k(earliest_90k),
            dur_90k=self._covered_90k - earliest_90k,
            clock_epoch=0,
            random_access=self._random_access,
            lost=self._lost,
            continuation=self._random_access is RandomAccess.NONE,
            data=data,
            sizes=self._sizes,
            pts_delta_90k=self._deltas_90k,
        )
        self._sizes, self._deltas_90k = array("I"), array("i")
        self._bytes = self._lost = 0
        return record

    def _extrapolated_90k(self) -> int:
        span_90k = self._newest_90k - self._earliest_90k
        mean_90k = span_90k // (self.units - 1) if self.units > 1 else 0
        return span_90k + (mean_90k or self.step_90k)
