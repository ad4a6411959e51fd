"""The ledger: durable appends a second through the service, proofs and opening at a million entries."""

import asyncio
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.table import Row
from nvr.base.clock import SystemClock
from nvr.base.ids import uuid7
from storage.ledger.entries import Actor, build
from storage.ledger.machine import Missing
from storage.ledger.people import Unhold
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from storage.ledger.service import Draft, LedgerService
from storage.ledger.store import Leaf, Ledger, create_ledger

ORIGIN: Final = "bench.example/scelle/1"
OFFICER: Final = Actor(id="a.martin", role="officer")

APPENDS_GOAL: Final = 5_000
PROOF_GOAL_MS: Final = 1.0


def rows(*, entries: int = 1_000_000, appends: int = 10_000, callers: int = 64) -> Sequence[Row]:
    """Measure on the disk that holds the temporary files."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        rate, alone_ms = asyncio.run(_append_rate(directory / "small", appends, callers))
        proof_ms, consistency_ms, open_ms, build_rate = _at_size(directory / "large", entries)
    figures = ((f"inclusion proof at {entries}", proof_ms), (f"consistency proof at {entries}", consistency_ms))
    return [
        Row("ledger: durable acts, many callers", round(rate), "1/s", APPENDS_GOAL, rate >= APPENDS_GOAL),
        Row("ledger: one durable act alone, median", round(alone_ms, 2), "ms", None, None),
        Row("ledger: bulk append", round(build_rate), "1/s", None, None),
        *(Row(f"ledger: {name}", round(ms, 3), "ms", PROOF_GOAL_MS, ms <= PROOF_GOAL_MS) for name, ms in figures),
        Row(f"ledger: open and check at {entries}", round(open_ms, 1), "ms", None, None),
    ]


async def _append_rate(directory: Path, appends: int, callers: int) -> tuple[float, float]:
    clock = SystemClock()
    create_ledger(directory, ORIGIN, clock.utc_us())
    service = LedgerService(directory, ORIGIN, clock)
    await service.start()

    async def one() -> None:
        act = uuid7(clock.utc_us())
        await service.append([Draft(Unhold(hold=act, reason="0" * 64), actor=OFFICER, act=act)])

    async def caller() -> None:
        for _ in range(appends // callers):
            await one()

    begun = perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = appends // callers * callers / (perf_counter() - begun)
    alone = []
    for _ in range(200):
        begun = perf_counter()
        await one()
        alone.append((perf_counter() - begun) * 1000)
    await service.close()
    return rate, statistics.median(alone)


def _at_size(directory: Path, entries: int) -> tuple[float, float, float, float]:
    clock = SystemClock()
    create_ledger(directory, ORIGIN, clock.utc_us())
    ledger = Ledger(directory, ORIGIN)
    body = Missing(seg=uuid7(clock.utc_us()), camera="a", start_utc_us=1, end_utc_us=2, why="measured")
    leaf = Leaf.of(build(body, ts_utc_us=clock.utc_us()))
    begun = perf_counter()
    for first in range(1, entries, 10_000):
        ledger.append_groups([[leaf] * min(10_000, entries - first)])
    build_rate = entries / (perf_counter() - begun)
    ledger.sign()
    ledger.close()
    begun = perf_counter()
    Ledger(directory, ORIGIN).close()
    open_ms = (perf_counter() - begun) * 1000
    reader = LedgerReader(directory / DATABASE_NAME)
    places = range(0, entries, entries // 500)
    proof_ms = _median_ms(lambda at: reader.inclusion(at, entries), places)
    consistency_ms = _median_ms(lambda at: reader.consistency(at + 1, entries), places)
    reader.close()
    return proof_ms, consistency_ms, open_ms, build_rate


def _median_ms(work: Callable[[int], object], places: Sequence[int]) -> float:
    times = []
    for place in places:
        begun = perf_counter()
        work(place)
        times.append((perf_counter() - begun) * 1000)
    return statistics.median(times)
