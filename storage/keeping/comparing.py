"""What the volumes have, beside what the index says: each difference goes into the ledger (`storage.reconcile`)."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

from nvr.base.ids import SegmentId
from storage.books import Books
from storage.index.writer import Index
from storage.keeping.discarded import left_on_discarded, missing_of
from storage.keeping.ingest import Ingest
from storage.keeping.places import PlacesKept
from storage.keyring import KeyringKeeper, KeyringReader
from storage.ledger.service import Draft
from storage.reaper import remove_footage
from storage.reconcile import Findings, Scope, compare
from storage.spool_events import seal_body
from storage.volume import Volume


class Comparing:
    """One in the keeper, which compares everything now and then; a check compares what it was asked for."""

    def __init__(
        self, books: Books, ingest: Ingest, keyring: KeyringKeeper, places: PlacesKept, key_places: Sequence[Path]
    ) -> None:
        self._books = books
        self._ingest = ingest
        self._keyring = keyring
        self._places = places
        self._key_places = key_places
        self._turn = asyncio.Lock()

    async def run(self, volume: Volume, scope: Scope) -> Findings:
        """What the volume and the index differ in; it is in the ledger. One at a time: nothing is told twice."""
        keyring = KeyringReader(self._key_places)
        async with self._turn:
            found = await self._books.survey(compare, volume, keyring, is_ended=self._ingest.is_ended, scope=scope)
            await self._log(volume, found)
        return found

    async def is_known(self, seg: SegmentId) -> bool:
        """Whether the index has the segment."""
        return await self._books.ask(Index.segment, seg) is not None

    async def lose_discarded(self, in_use: Collection[str]) -> None:
        """What was told of a volume only after it was taken out for good is lost with it; `in_use`: ids of others."""
        missing = await self._books.survey(left_on_discarded, in_use=in_use)
        if missing:
            await self._books.append(list(map(Draft, missing)))
            await self._books.follow()

    async def _log(self, volume: Volume, findings: Findings) -> None:
        await self._ingest.round()  # a shard that has just recovered a segment tells it itself
        unknown = [seal_body(one) for one in findings.unknown if not await self.is_known(one.segment)]
        unknown += [seal_body(one) for one in findings.back]
        shortened = await self._ingest.shortened(unknown)
        missing = [missing_of(row, "not on its volume") for row in findings.missing]
        drafts = [*map(Draft, unknown), *shortened, *map(Draft, missing)]
        if drafts:
            await self._books.append(drafts)
            await self._books.follow()
        if findings.leftover:
            async with self._places.turn:
                await asyncio.to_thread(self._keyring.shred, [row.key_ref for row in findings.leftover])
            _, fault = await asyncio.to_thread(remove_footage, volume, findings.leftover)
            if fault is not None:
                raise fault
