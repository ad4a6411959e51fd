"""Moves of one dome on their way to the ledger: bounded by the hour, the rest counted (docs/design/domes.md)."""

from dataclasses import dataclass
from typing import Final

from nvr.base.ids import CameraId, uuid7
from nvr.base.units import US_PER_SECOND, UtcUs
from recorder.ports import EventSink
from recorder.ptz.watch import Back, Step
from storage.records import MoveWhy

MOST_PER_HOUR: Final = 6
"""Moves that are told one by one, per dome and clock hour (UTC)."""
_HOUR_US: Final = 3600 * US_PER_SECOND


@dataclass(slots=True)
class _Open:
    move: str
    from_utc_us: UtcUs


@dataclass(slots=True)
class _Many:
    """Moves of this hour that are not told one by one."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs
    moves: int


class Moves:
    """Tells moves as events. The event loop owns it; `tick` about once a minute, `close` at the end."""

    def __init__(self, camera: CameraId, events: EventSink) -> None:
        self._camera = camera
        self._events = events
        self._hour = -1
        self._left_to_tell = 0
        self._open: _Open | None = None
        self._many: _Many | None = None

    def step(self, step: Step, now_utc_us: UtcUs) -> None:
        """It left its place, or is back."""
        self.tick(now_utc_us)
        if isinstance(step, Back):
            self._back(step.to_utc_us)
        elif self._may_tell(step.from_utc_us, now_utc_us):
            self._open = _Open(uuid7(now_utc_us), step.from_utc_us)
            self._tell(self._open.move, step.from_utc_us, None)

    def preset_changed(self, now_utc_us: UtcUs) -> None:
        """An expected preset means another position than before."""
        self.tick(now_utc_us)
        if self._may_tell(now_utc_us, now_utc_us):
            self._tell(uuid7(now_utc_us), now_utc_us, now_utc_us, why=MoveWhy.PRESET)

    def tick(self, now_utc_us: UtcUs) -> None:
        """What the last hour left untold is told once it is over."""
        hour = now_utc_us // _HOUR_US
        if hour != self._hour:
            self._hour = hour
            self._left_to_tell = MOST_PER_HOUR
            self._tell_many()

    def close(self) -> None:
        """Nothing more comes. A move that has no end keeps none: what is known is told."""
        self._tell_many()

    def _may_tell(self, from_utc_us: UtcUs, now_utc_us: UtcUs) -> bool:
        if self._left_to_tell:
            self._left_to_tell -= 1
            return True
        if self._many is None:
            self._many = _Many(from_utc_us, now_utc_us, 0)
        self._many.moves += 1
        self._many.to_utc_us = now_utc_us
        return False

    def _back(self, to_utc_us: UtcUs) -> None:
        if self._open is not None:
            self._tell(self._open.move, self._open.from_utc_us, UtcUs(max(to_utc_us, self._open.from_utc_us)))
            self._open = None
        elif self._many is not None:
            self._many.to_utc_us = UtcUs(max(to_utc_us, self._many.to_utc_us))

    def _tell_many(self) -> None:
        many, self._many = self._many, None
        if many is not None:
            why, to_utc_us = MoveWhy.MANY, UtcUs(max(many.to_utc_us, many.from_utc_us))
            self._tell(uuid7(to_utc_us), many.from_utc_us, to_utc_us, why=why, moves=many.moves)

    def _tell(
        self,
        move: str,
        from_utc_us: UtcUs,
        to_utc_us: UtcUs | None,
        *,
        why: MoveWhy = MoveWhy.LEFT,
        moves: int = 1,
    ) -> None:
        self._events.move(
            move=move, camera=self._camera, from_utc_us=from_utc_us, to_utc_us=to_utc_us, why=why, moves=moves
        )
