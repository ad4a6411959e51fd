"""Whether the ledger may go on: looked at when the keeper starts, and before it leaves a checkpoint elsewhere."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from nvr.base.clock import Clock
from nvr.base.units import UtcUs
from storage.durable import remove_file
from storage.keeping.restored import (
    RESTORED_NAME,
    RESUME_US,
    Break,
    LedgerHalted,
    LedgerRestored,
    NotRestored,
    read_marks,
    read_restored,
    write_marks,
)
from storage.ledger.continued import declares
from storage.ledger.entries import decode
from storage.ledger.note import open_checkpoint
from storage.ledger.people import Continue
from storage.ledger.service import Draft, LedgerService


class Continuing:
    """One in the keeper. While `broken` is something, only a `continue` that fits it may be appended."""

    def __init__(
        self, ledger: LedgerService, directory: Path, origin: str, places: Sequence[Path], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._origin = origin
        self._places = tuple(places)
        self._clock = clock
        self._continued_utc_us: int | None = None
        self.broken: Break | None = None

    async def look(self) -> None:
        """Find out whether the ledger is an old copy. Raises EvidenceAtRisk: the note of a restore can not be read."""
        declared = [
            (decode(leaf).ts_utc_us, decode(leaf).body) for _, leaf in await self._ledger.acts_of_type(Continue.t)
        ]
        continues = [body for _, body in declared if isinstance(body, Continue)]
        self._continued_utc_us = declared[-1][0] if declared else None
        restored = await asyncio.to_thread(read_restored, self._directory)
        undeclared = restored is not None and all(body.size != restored.size for body in continues)
        if restored is not None and not undeclared:
            await asyncio.to_thread(remove_file, self._directory / RESTORED_NAME)
        seen = await self._seen_elsewhere(continues)
        if not undeclared and seen is None:
            self.broken = None
            return
        size = await self._ledger.size()
        self.broken = Break(
            size=size,
            root=(await self._ledger.root(size)).hex(),
            kept=await self._ledger.last_checkpoint(),
            seen=seen,
            from_utc_us=decode(await self._ledger.entry(size - 1)).ts_utc_us,
            backup_utc_us=restored.made_utc_us if restored is not None and undeclared else None,
        )

    async def _seen_elsewhere(self, continues: Sequence[Continue]) -> str | None:
        """The newest checkpoint of a place that the tree does not contain and nobody declared."""
        public = await self._ledger.public_key()
        size = await self._ledger.size()
        newest: tuple[int, str] | None = None
        for mark, note in await asyncio.to_thread(read_marks, self._places, public, self._origin):
            ours = mark.size <= size and await self._ledger.root(mark.size) == mark.root
            if ours or any(declares(body, mark, public) for body in continues):
                continue
            if newest is None or mark.size > newest[0]:
                newest = (mark.size, note)
        return None if newest is None else newest[1]

    async def demand(self, drafts: Sequence[Draft]) -> None:
        """Check that this group may be appended.

        Raises:
            LedgerRestored, LedgerHalted: the ledger is an old copy, and this does not declare it.
            NotRestored: it declares what is not so.
            NoteInvalid: it cites a checkpoint that this log did not sign.
        """
        declared = [draft.body for draft in drafts if isinstance(draft.body, Continue)]
        if declared and not (
            len(drafts) == 1 and self.broken is not None and await self._fits(declared[0], self.broken)
        ):
            raise NotRestored
        if not declared and self.broken is not None:
            raise (LedgerRestored if any(draft.act for draft in drafts) else LedgerHalted)(size=self.broken.size)

    async def _fits(self, body: Continue, broken: Break) -> bool:
        public = await self._ledger.public_key()
        at_least = 0 if broken.seen is None else open_checkpoint(broken.seen, public).size
        if body.seen is None:
            cites_enough = broken.seen is None
        else:
            seen = open_checkpoint(body.seen, public)
            cites_enough = seen.origin == self._origin and seen.size >= max(at_least, broken.size + 1)
        return cites_enough and (body.size, body.root, body.kept) == (broken.size, broken.root, broken.kept)

    def demand_whole(self) -> None:
        """Check that what the machine does by itself may go on. Raises LedgerHalted."""
        if self.broken is not None:
            raise LedgerHalted(size=self.broken.size)

    def resumes_utc_us(self) -> UtcUs | None:
        """Until when nothing is destroyed after a `continue`; None: destruction goes on."""
        if self._continued_utc_us is None:
            return None
        end = self._continued_utc_us + RESUME_US
        # Not by an entry of the future: a clock that was wrong then would keep footage for good.
        return UtcUs(end) if self._continued_utc_us <= self._clock.utc_us() < end else None

    async def leave_mark(self, note: str) -> None:
        """Leave the newest checkpoint in every place; `look` found in none of them what the tree does not contain."""
        await asyncio.to_thread(write_marks, self._places, note)
