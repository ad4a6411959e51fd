"""Questions to the index that every part of a retention pass puts."""

from collections.abc import Sequence
from datetime import tzinfo

from storage.index.queries import IndexReader
from storage.keeping.settings import RESERVE_PERCENT
from storage.retention import Decision, Rules
from storage.retention_guards import Halt, bulks, guard_mass
from storage.volume import Space


def rules_of(index: IndexReader, zone: tzinfo) -> Rules:
    """Orders and cameras as the index has them."""
    return Rules(tuple(index.orders()), {camera.camera: camera for camera in index.cameras()}, zone)


def reserve_of(space: Space, reserve_bytes: int) -> int:
    """How much of a volume recording needs free: so much, and never more than a share of it."""
    return min(reserve_bytes, space.total_bytes * RESERVE_PERCENT // 100)


def guarded(index: IndexReader, decisions: Sequence[Decision], now_utc_us: int) -> tuple[list[Decision], list[Halt]]:
    """The decisions that may be carried out, and what is stopped; only cameras that would lose much are counted."""
    bulk = bulks(decisions)
    stock_us = {stock: index.recorded_us(*stock) for stock in bulk}
    return guard_mass(decisions, bulk, stock_us, index.allowed(now_utc_us))
