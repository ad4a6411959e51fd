"""The index's one writer: applies the ledger's entries, in order, with its own cursor in the same transaction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from sqlalchemy import select, update

from config.database import Location
from nvr.base.errors import EvidenceAtRisk
from nvr.base.units import UtcUs
from storage import databases
from storage.index.database import open_database
from storage.index.projection import Projection
from storage.index.queries import IndexReader
from storage.index.rows import Progress
from storage.index.tables import PROGRESS
from storage.ledger.entries import decode

PAGE: Final = 2000

Pages: TypeAlias = Callable[[int, int], Sequence[tuple[int, bytes]]]
"""Gives up to `limit` entries from an index on: `LedgerReader.entries`."""


class IndexAhead(EvidenceAtRisk):
    """The index has applied entries that the ledger does not have: one of them is an old copy."""

    message_id = "index-ahead"


class Index(IndexReader):
    """The index as the keeper has it; its writes belong to one thread."""

    def __init__(self, location: Location) -> None:
        """Open the index, made if absent and migrated if old. Raises as `open_database`."""
        super().__init__(open_database(location))

    @classmethod
    def anew(cls, location: Location) -> "Index":
        """Remove the index and begin an empty one; `catch_up` fills it. Nothing may have it open."""
        databases.remove(location)
        return cls(location)

    def note_rebuilt(self, now_utc_us: int) -> None:
        """Keep that the index before this one was damaged or gone."""
        with self._engine.begin() as connection:
            connection.execute(update(PROGRESS).values(rebuilt_utc_us=now_utc_us))

    def apply(self, entries: Iterable[tuple[int, bytes]]) -> Progress:
        """Apply entries in ledger order, all or none; those that were applied before are passed over.

        Raises:
            EntryInvalid: the bytes are no entry.
            ValueError: entries before these were not applied yet.
        """
        with self._engine.begin() as connection:
            before = connection.execute(select(PROGRESS.c.applied_size, PROGRESS.c.ledger_utc_us)).one()
            size, latest = before.applied_size, before.ledger_utc_us
            projection = Projection(connection)
            for index, leaf in entries:
                if index < size:
                    continue
                if index > size:
                    raise ValueError(f"entry {size} comes before entry {index}")
                entry = decode(leaf)
                projection.apply(index, entry)
                size, latest = index + 1, max(latest, entry.ts_utc_us)
            projection.finish()
            if size > before.applied_size:
                connection.execute(update(PROGRESS).values(applied_size=size, ledger_utc_us=latest))
        return Progress(size, UtcUs(latest))

    def catch_up(self, ledger_size: int, pages: Pages) -> Progress:
        """Apply all that the ledger has and the index has not.

        Raises:
            IndexAhead: the ledger has fewer entries than were applied, or than it says.
        """
        progress = self.progress()
        if progress.applied_size > ledger_size:
            raise IndexAhead(applied=progress.applied_size, ledger=ledger_size)
        while progress.applied_size < ledger_size:
            before, progress = progress, self.apply(pages(progress.applied_size, PAGE))
            if progress.applied_size == before.applied_size:
                raise IndexAhead(applied=progress.applied_size, ledger=ledger_size)
        return progress
