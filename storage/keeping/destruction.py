"""One retention pass: which footage is due, on which volumes room is short, and its destruction."""

from dataclasses import dataclass
from datetime import tzinfo

from nvr.base.clock import Clock
from nvr.base.units import UtcUs
from storage.books import Books
from storage.index.queries import IndexReader
from storage.keeping.relieving import Relieving, Volumes
from storage.keeping.surveys import decisions_at, guarded
from storage.ledger.machine import ClockSync
from storage.reaper import NOTHING, Destroyed, Reaper
from storage.retention import Decision, Verdict
from storage.retention_clock import Pause, Reading, RetentionClock
from storage.retention_guards import Halt


@dataclass(frozen=True, slots=True)
class Pass:
    """What one retention pass found and did. `paused`: why the clock is not believed, and nothing was judged."""

    paused: Pause | None
    held: int
    without_order: int
    """Segments that were judged by the legal month, since no authorisation was in force."""
    pressed: tuple[str, ...]
    """Volumes on which footage was destroyed before its time for want of room."""
    destroyed: Destroyed
    halts: tuple[Halt, ...] = ()
    """What it did not destroy before a person has looked."""


class Retention:
    """Runs passes; one at a time."""

    def __init__(
        self,
        books: Books,
        reaper: Reaper,
        volumes: Volumes,
        clock: Clock,
        *,
        zone: tzinfo,
        reserve_bytes: int,
    ) -> None:
        self._books = books
        self._reaper = reaper
        self._clock = clock
        self._believed = RetentionClock()
        self._zone = zone
        self._relieving = Relieving(books, reaper, volumes, zone=zone, reserve_bytes=reserve_bytes)

    async def run(self, sync: ClockSync) -> Pass:
        """Judge what may be due by now and destroy it. Raises as `Reaper.run`."""
        now_utc_us, pause = await self.look_at_clock(sync)
        if pause is not None:
            return Pass(paused=pause, held=0, without_order=0, pressed=(), destroyed=NOTHING)
        decisions, halts = await self._books.survey(_decisions, self._zone, now_utc_us)
        destroyed = await self._reaper.run(decisions)
        relieved = await self._relieving.run(now_utc_us)
        return Pass(
            paused=None,
            held=sum(decision.verdict is Verdict.HELD for decision in decisions),
            without_order=sum(decision.order is None for decision in decisions),
            pressed=tuple(relieved.pressed),
            destroyed=destroyed + relieved.destroyed,
            halts=(*halts, *relieved.halts),
        )

    async def look_at_clock(self, sync: ClockSync) -> tuple[UtcUs, Pause | None]:
        """The system's time, and why it is not believed. Called first when the keeper starts."""
        ledger_utc_us = (await self._books.follow()).ledger_utc_us
        now_utc_us = self._clock.utc_us()
        return now_utc_us, self._believed.judge(Reading(now_utc_us, self._clock.mono_us(), ledger_utc_us, sync))


def _decisions(index: IndexReader, zone: tzinfo, now_utc_us: int) -> tuple[list[Decision], list[Halt]]:
    return guarded(index, list(decisions_at(index, zone, now_utc_us)), now_utc_us)
