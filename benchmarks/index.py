"""The index with millions of segments: a camera's day, everything of all cameras, retention, applying, starting."""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from benchmarks.index_filling import CAMERAS, DAYS, START_UTC_US, expires, fill, now_utc_us, seals
from benchmarks.table import Row
from config.database import Location
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.index.wholeness import Wholeness
from storage.index.writer import Index
from tools.postgresql_server import Server, programs

T = TypeVar("T")

DEFAULT_SEGMENTS: Final = 10_000_000
DAY_GOAL_MS: Final = 10.0
TIMELINES_GOAL_MS: Final = 100.0
_AS_IN_A_TOWN: Final = ("shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=256MB")
_PAGE: Final = 5000
_APPLIED: Final = 20_000
_EXPIRE: Final = 300
"""Segments in one `expire` of the reaper."""


def rows(*, segments: int) -> Sequence[Row]:
    """Measure on the disk that holds the temporary files; PostgreSQL too, where it is installed."""
    figures: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        figures += _of("SQLite", Path(name) / "index.db", segments)
    if programs() is not None:
        with contextlib.closing(Server(_AS_IN_A_TOWN)) as server:
            server.start()
            figures += _of("PostgreSQL", server.fresh(), segments)
    return figures


def _of(kind: str, location: Location, segments: int) -> Iterator[Row]:
    Index(location).close()
    filled_s, _ = _timed(lambda: fill(location, segments))
    _say(f"{kind}: {segments} segments in {filled_s:.0f} s")
    now = now_utc_us(segments)
    start_s, index = _timed(lambda: Index(location))
    with contextlib.closing(index):
        last = seals(segments, _APPLIED)
        apply_s, _ = _timed(lambda: _apply(index, last))
        doom = expires(len(last), segments, _EXPIRE)
        doom_s, _ = _timed(lambda: _apply(index, doom))
    with contextlib.closing(IndexReader.at(location)) as reader:
        day_ms, day = _best_ms(lambda at: reader.coverage(*_day(at, now)), range(60))
        all_ms, everything = _best_ms(lambda _: reader.timelines(now - DAYS * US_PER_DAY, now), range(5))
        page_ms, page = _best_ms(lambda _: reader.begun_before(now, SegmentState.SEALED, _PAGE), range(5))
        none_ms, _ = _best_ms(lambda _: reader.begun_before(START_UTC_US, SegmentState.SEALED, _PAGE), range(5))
        oldest_ms, _ = _best_ms(lambda _: reader.oldest(), range(5))
    check_s, _ = _timed(Wholeness(location).check)
    assert len(everything) == CAMERAS
    assert len(page) == min(_PAGE, segments)
    name = f"index: {kind}, {segments}"
    yield Row(
        f"{name}: a camera's day ({len(day.segments)} segments)",
        round(day_ms, 2),
        "ms",
        DAY_GOAL_MS,
        day_ms <= DAY_GOAL_MS,
    )
    pieces = sum(len(each.footage) + len(each.gaps) for each in everything.values())
    what = f"{CAMERAS} cameras, {DAYS} days ({pieces} stretches and gaps)"
    yield Row(f"{name}: {what}", round(all_ms, 1), "ms", TIMELINES_GOAL_MS, all_ms <= TIMELINES_GOAL_MS)
    yield Row(f"{name}: a page of {_PAGE} for retention", round(page_ms, 1), "ms", None, None)
    yield Row(f"{name}: nothing due for retention", round(none_ms, 2), "ms", None, None)
    yield Row(f"{name}: oldest footage of each camera", round(oldest_ms, 2), "ms", None, None)
    yield Row(f"{name}: seals applied", round(_APPLIED / apply_s), "1/s", None, None)
    yield Row(f"{name}: segments doomed", round(len(doom) * _EXPIRE / doom_s), "1/s", None, None)
    yield Row(f"{name}: opening", round(start_s, 2), "s", None, None)
    if isinstance(location, Path):
        yield Row(f"{name}: reading through", round(check_s, 1), "s", None, None)


def _apply(index: Index, entries: Sequence[tuple[int, bytes]]) -> None:
    first = entries[0][0]
    index.catch_up(entries[-1][0] + 1, lambda at, limit: entries[at - first : at - first + limit])


def _day(at: int, now: int) -> tuple[CameraId, int, int]:
    """A day of a camera, each time another one."""
    start = now - (2 + at % (DAYS - 4)) * US_PER_DAY
    return CameraId(f"cam-{at % CAMERAS + 1}"), start, start + US_PER_DAY


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    begun = perf_counter()
    answer = work()
    return perf_counter() - begun, answer


def _best_ms(work: Callable[[int], T], places: Sequence[int]) -> tuple[float, T]:
    # The best, not the median: what other programs take meanwhile is not the index's.
    done = [_timed(partial(work, place)) for place in places]
    return min(seconds for seconds, _ in done) * 1000, done[-1][1]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
