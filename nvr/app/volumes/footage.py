"""What lies on a volume by the index, how long it stays there, and which holds keep what of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from config.database import Location
from nvr.base.errors import NvrError
from nvr.base.units import UtcUs
from storage.deadline import deadline_utc_us
from storage.index.on_evidence import leaving_with
from storage.index.on_volume import (
    HeldStretch,
    Stretch,
    Total,
    footage_on,
    held_on,
    held_total_on,
    volumes_with_footage,
)
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keeping.surveys import rules_of

NOTHING: Final = Total(0, 0)


@dataclass(frozen=True, slots=True)
class Footage:
    """What is on one volume. `ends_utc_us`: when the last of what nobody holds is destroyed."""

    cameras: Sequence[Stretch] = ()
    lost: Sequence[Stretch] = ()
    held: Sequence[HeldStretch] = ()
    held_bytes: int = 0
    held_alone: int = 0
    """How many of the held segments lie here and nowhere else."""
    saved: int = 0
    """How many of the segments have a copy on another volume."""
    copies: Total = NOTHING
    """The second copies of others that lie here."""
    ends_utc_us: UtcUs | None = None

    @property
    def segments(self) -> int:
        """How many segments are there."""
        return sum(one.segments for one in self.cameras)

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(one.bytes for one in self.cameras)

    @property
    def from_utc_us(self) -> UtcUs | None:
        """When the oldest of it begins."""
        return min((one.from_utc_us for one in self.cameras), default=None)

    @property
    def to_utc_us(self) -> UtcUs | None:
        """When the newest of it ends."""
        return max((one.to_utc_us for one in self.cameras), default=None)


class Footages:
    """The index, asked about volumes; blocking. Every question answers None where the index can not be read."""

    def __init__(self, index: Location, zone: ZoneInfo) -> None:
        self._index = index
        self._zone = zone

    def volumes(self) -> list[str] | None:
        """The volumes on which footage lies."""
        try:
            reader = IndexReader.at(self._index)
            try:
                return reader.answer(volumes_with_footage)
            finally:
                reader.close()
        except (NvrError, SQLAlchemyError, OSError):
            return None

    def on(self, volume: str, now_utc_us: int) -> Footage | None:
        """What is on this volume."""
        try:
            reader = IndexReader.at(self._index)
            try:
                return _footage(reader, volume, now_utc_us, self._zone)
            finally:
                reader.close()
        except (NvrError, SQLAlchemyError, OSError):
            return None


def _footage(reader: IndexReader, volume: str, now_utc_us: int, zone: ZoneInfo) -> Footage:
    there = reader.answer(lambda connection: footage_on(connection, volume, SegmentState.SEALED))
    leaving = reader.answer(lambda connection: leaving_with(connection, volume, now_utc_us))
    rules = rules_of(reader, zone)
    ends = [deadline_utc_us(one.last_utc_us, rules.rule(one.camera, one.last_utc_us).days, zone) for one in there]
    return Footage(
        cameras=there,
        lost=reader.answer(lambda connection: footage_on(connection, volume, SegmentState.LOST)),
        held=reader.answer(lambda connection: held_on(connection, volume, now_utc_us)),
        saved=sum(one.segments for one in there) - leaving.lost.segments,
        held_alone=leaving.held.segments,
        copies=leaving.copies,
        held_bytes=reader.answer(lambda connection: held_total_on(connection, volume, now_utc_us)).bytes,
        ends_utc_us=max(ends, default=None),
    )
