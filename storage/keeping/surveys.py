"""Questions to the index that every part of a retention pass puts."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Final

from storage.holds import held_now
from storage.index.lives import EXISTING
from storage.index.queries import IndexReader
from storage.keeping.settings import RESERVE_PERCENT
from storage.retention import Decision, Rules, candidates_before_utc_us, plan
from storage.retention_guards import Halt, bulks, guard_mass
from storage.volume import Space

PAGE: Final = 5000


def rules_of(index: IndexReader, zone: tzinfo) -> Rules:
    """Orders and cameras as the index has them."""
    return Rules(tuple(index.orders()), {camera.camera: camera for camera in index.cameras()}, zone)


def decisions_at(index: IndexReader, zone: tzinfo, now_utc_us: int) -> Iterator[Decision]:
    """What is decided at this time of everything that may be due by then, by the holds that the index has."""
    rules = rules_of(index, zone)
    held = held_now(index.holds(), index.continuing(now_utc_us), now_utc_us)
    before = candidates_before_utc_us(rules, now_utc_us)
    for state in EXISTING:
        after = (-1, "")
        while page := index.begun_before(before, state, PAGE, after):
            yield from plan(page, held, rules, now_utc_us)
            after = (page[-1].start_utc_us, page[-1].seg)


def reserve_of(space: Space, reserve_bytes: int) -> int:
    """How much of a volume recording needs free: so much, and never more than a share of it."""
    return min(reserve_bytes, space.total_bytes * RESERVE_PERCENT // 100)


def guarded(index: IndexReader, decisions: Sequence[Decision], now_utc_us: int) -> tuple[list[Decision], list[Halt]]:
    """The decisions that may be carried out, and what is stopped; only cameras that would lose much are counted."""
    bulk = bulks(decisions)
    stock_us = {stock: index.recorded_us(*stock) for stock in bulk}
    return guard_mass(decisions, bulk, stock_us, index.allowed(now_utc_us))
