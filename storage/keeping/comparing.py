"""What the volumes have, beside what the index says: each difference goes into the ledger (`storage.reconcile`)."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

from nvr.base.ids import SegmentId
from storage.books import Books
from storage.index.on_evidence import copies_of
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keeping.discarded import left_on_discarded, missing_of, uncopied_of
from storage.keeping.ingest import Ingest
from storage.keeping.places import PlacesKept
from storage.keeping.volumes import VolumesKept
from storage.keyring import KeyringKeeper, KeyringReader
from storage.ledger.service import Draft
from storage.reaper import remove_footage
from storage.reconcile import Evidence, Findings, Scope, compare
from storage.spool_events import seal_body
from storage.volume import Volume


class Comparing:
    """One in the keeper, which compares everything now and then; a check compares what it was asked for."""

    def __init__(
        self,
        books: Books,
        ingest: Ingest,
        keyring: KeyringKeeper,
        places: PlacesKept,
        key_places: Sequence[Path],
        volumes: VolumesKept,
        copies_lock: asyncio.Lock,
    ) -> None:
        """`copies_lock` is held while second copies are made, told or taken away."""
        self._books = books
        self._ingest = ingest
        self._keyring = keyring
        self._places = places
        self._key_places = key_places
        self._volumes = volumes
        self._copies_lock = copies_lock
        self._turn = asyncio.Lock()
        self._is_over = False

    def end(self) -> None:
        """Have a comparison that runs come back soon, with what it found by then."""
        self._is_over = True

    async def run(self, volume: Volume, scope: Scope) -> Findings:
        """What the volume and the index differ in; it is in the ledger. One at a time: nothing is told twice."""
        keyring = KeyringReader(self._key_places)
        async with self._turn:
            progress = self._books.progress
            since_utc_us = 0 if progress is None else progress.ledger_utc_us
            evidence = Evidence(frozenset(self._volumes.evidence), self._volumes.has_file, since_utc_us)
            found = await self._books.survey(
                compare,
                volume,
                keyring,
                is_ended=self._ingest.is_ended,
                scope=scope,
                evidence=evidence,
                is_over=lambda: self._is_over,
            )
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
        copies = uncopied_of(volume.id, [row.seg for row in findings.missing_copies], "missing")
        drafts = [*map(Draft, unknown), *shortened, *map(Draft, missing), *map(Draft, copies)]
        if drafts:
            await self._books.append(drafts)
            await self._books.follow()
        if findings.leftover:
            async with self._places.turn:
                await asyncio.to_thread(self._keyring.shred, [row.key_ref for row in findings.leftover])
            await self._remove(volume, findings.leftover)
        if findings.surplus:
            async with self._copies_lock:
                await self._remove(volume, await self._still_surplus(volume, findings.surplus))

    async def _still_surplus(self, volume: Volume, rows: Sequence[SegmentRow]) -> list[SegmentRow]:
        """Those of which the ledger was not told meanwhile, that no hold reached, and whose own file is there now."""
        progress = await self._books.follow()
        held = await self._books.ask(Index.held_among, [row.seg for row in rows], progress.ledger_utc_us)
        names = [row.seg for row in rows if row.seg not in held]
        copies = await self._books.ask(Index.answer, lambda connection: copies_of(connection, names))
        own = [row for row in await self._books.ask(Index.named, names) if row.state is SegmentState.SEALED]
        strange = [row for row in own if copies.get(row.seg) != volume.id != row.volume]
        return await asyncio.to_thread(lambda: [row for row in strange if self._volumes.has_file(row)])

    @staticmethod
    async def _remove(volume: Volume, rows: Sequence[SegmentRow]) -> None:
        _, fault = await asyncio.to_thread(remove_footage, volume, rows)
        if fault is not None:
            raise fault
