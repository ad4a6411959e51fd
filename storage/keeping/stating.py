"""Writing the statement of each local day that is over: once, whenever the keeper comes to it."""

from datetime import date, timedelta, tzinfo

from storage.books import Books
from storage.days import bounds_of, day_of
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keeping.surveys import decisions_at
from storage.ledger.entries import decode
from storage.ledger.machine import Statement
from storage.ledger.service import Draft
from storage.retention import Verdict
from storage.statement import DayLeft, days_to_state, statement_of


class Stating:
    """One per keeper."""

    def __init__(self, books: Books, zone: tzinfo) -> None:
        self._books = books
        self._zone = zone

    async def run(self, now_utc_us: int) -> int:
        """Write what is owed up to now, a clock that is believed; how many days.

        A day's entries are one group, and the index knows the days that the ledger has: a crash leaves none twice.

        Raises:
            IndexBehind: the index does not know yet what the ledger has.
            LedgerUnavailable: the ledger did not take it; it is owed still.
        """
        await self._books.follow()
        last = await self._books.survey(IndexReader.last_statement)
        if last is None:
            log = decode(await self._books.ledger.entry(0))
            first = day_of(log.ts_utc_us, self._zone)
        else:
            first = date.fromisoformat(last) + timedelta(days=1)
        days = list(days_to_state(first, now_utc_us, self._zone))
        for day in days:
            parts = await self._books.survey(_parts, day, self._zone)
            await self._books.append([Draft(part) for part in parts])
        return len(days)


def _parts(index: IndexReader, day: date, zone: tzinfo) -> list[Statement]:
    begin, end = bounds_of(day, zone)
    left = DayLeft(held=_held(index, zone, end), waiting=index.in_state(SegmentState.DOOMED))
    return statement_of(day, zone, index.destroyed_between(begin, end), left)


def _held(index: IndexReader, zone: tzinfo, end_utc_us: int) -> list[SegmentRow]:
    """What was due by then and is held, by the holds that the index has now."""
    decisions = decisions_at(index, zone, end_utc_us)
    return [decision.segment for decision in decisions if decision.verdict is Verdict.HELD]
