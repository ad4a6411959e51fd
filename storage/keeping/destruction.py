"""One retention pass: which footage is due, on which volumes room is short, and its destruction."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from nvr.base.clock import Clock
from nvr.base.units import UtcUs
from storage.books import Books
from storage.holds import Held, held_now
from storage.index.lives import EXISTING
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keeping.settings import RESERVE_PERCENT
from storage.ledger.machine import ClockSync
from storage.reaper import NOTHING, Destroyed, Reaper
from storage.retention import (
    Decision,
    Rules,
    Verdict,
    candidates_before_utc_us,
    plan,
    plan_relief,
)
from storage.retention_clock import Pause, Reading, RetentionClock
from storage.volume import Volume, VolumeId, VolumeLost

PAGE: Final = 5000


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


class Retention:
    """Runs passes; one at a time."""

    def __init__(
        self,
        books: Books,
        reaper: Reaper,
        volumes: Callable[[], Mapping[VolumeId, Volume]],
        clock: Clock,
        *,
        zone: tzinfo,
        reserve_bytes: int,
    ) -> None:
        self._books = books
        self._reaper = reaper
        self._volumes = volumes
        self._clock = clock
        self._believed = RetentionClock()
        self._zone = zone
        self._reserve_bytes = reserve_bytes

    async def run(self, sync: ClockSync) -> Pass:
        """Judge what may be due by now and destroy it. Raises as `Reaper.run`."""
        now_utc_us, pause = await self.look_at_clock(sync)
        if pause is not None:
            return Pass(paused=pause, held=0, without_order=0, pressed=(), destroyed=NOTHING)
        decisions = await self._books.survey(_decisions, self._zone, now_utc_us)
        destroyed = await self._reaper.run(decisions)
        pressed = []
        for volume, wanted_bytes in (await asyncio.to_thread(self._wanted_bytes)).items():
            relief = await self._books.survey(_relief, self._zone, now_utc_us, volume, wanted_bytes)
            if relief:
                pressed.append(volume)
                destroyed += await self._reaper.run(relief)
        return Pass(
            paused=None,
            held=sum(decision.verdict is Verdict.HELD for decision in decisions),
            without_order=sum(decision.order is None for decision in decisions),
            pressed=tuple(pressed),
            destroyed=destroyed,
        )

    async def look_at_clock(self, sync: ClockSync) -> tuple[UtcUs, Pause | None]:
        """The system's time, and why it is not believed. Called first when the keeper starts."""
        ledger_utc_us = (await self._books.follow()).ledger_utc_us
        now_utc_us = self._clock.utc_us()
        return now_utc_us, self._believed.judge(Reading(now_utc_us, self._clock.mono_us(), ledger_utc_us, sync))

    def _wanted_bytes(self) -> dict[VolumeId, int]:
        wanted: dict[VolumeId, int] = {}
        for name, volume in self._volumes().items():
            try:
                space = volume.space()
            except VolumeLost:
                continue
            short = min(self._reserve_bytes, space.total_bytes * RESERVE_PERCENT // 100) - space.free_bytes
            if short > 0:
                wanted[name] = short
        return wanted


def rules_of(index: IndexReader, zone: tzinfo) -> Rules:
    """Orders and cameras as the index has them."""
    return Rules(tuple(index.orders()), {camera.camera: camera for camera in index.cameras()}, zone)


def _held(index: IndexReader, now_utc_us: int) -> Held:
    return held_now(index.holds(), index.continuing(), now_utc_us)


def _decisions(index: IndexReader, zone: tzinfo, now_utc_us: int) -> list[Decision]:
    rules = rules_of(index, zone)
    held = _held(index, now_utc_us)
    before = candidates_before_utc_us(rules, now_utc_us)
    decisions: list[Decision] = []
    for state in EXISTING:
        after = (-1, "")
        while page := index.begun_before(before, state, PAGE, after):
            decisions += plan(page, held, rules, now_utc_us)
            after = (page[-1].start_utc_us, page[-1].seg)
    return decisions


def _relief(index: IndexReader, zone: tzinfo, now_utc_us: int, volume: str, wanted_bytes: int) -> list[Decision]:
    held = _held(index, now_utc_us)
    segments: list[SegmentRow] = [row for page in index.of_volume(volume, [SegmentState.SEALED]) for row in page]
    return plan_relief(segments, held, rules_of(index, zone), now_utc_us, wanted_bytes)
