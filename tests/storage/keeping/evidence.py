"""A town with an evidence volume, and what must hold of a copy whatever happened."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from nvr.base.units import UtcUs
from storage.index.on_evidence import copies_of
from storage.index.writer import Index
from storage.inspection import Depth, wrong_with
from storage.keeping.copies_status import CopiesStatus
from storage.keeping.settings import LEAST_FREE_BYTES, EvidenceSetting
from storage.ledger import people
from storage.ledger.machine import Copied, Uncopied
from storage.sealing import SealedSegment
from storage.volume import SUFFIX, Volume, create_volume
from tests.storage.keeping.town import Town, hold_of
from tests.storage.ledger.samples import uuid
from tests.storage.sealed import NOW_US, ORIGIN

MINUTE_US: Final = 60_000_000


class EvidenceTown(Town):
    """`budget_bytes`, `least_free_bytes` and `drained` may be changed at any time."""

    def __init__(self, directory: Path, *, evidence: Path | None = None) -> None:
        """`evidence`: the folder of the evidence volume; else one beside the others."""
        super().__init__(directory)
        path = evidence or directory / "evidence"
        self.evidence: Volume = create_volume(path, ORIGIN, now_utc_us=UtcUs(NOW_US + 1))
        self.paths.append(self.evidence.path)
        self.budget_bytes: int | None = None
        self.least_free_bytes = LEAST_FREE_BYTES
        self.drained = False
        self.settings = replace(self.settings, evidence=self._evidence)
        self.keeper = self.new_keeper()
        self.holds: list[str] = []
        """In the order in which they were placed."""

    async def hold(self, segment: SealedSegment, *, until_utc_us: int | None = None) -> str:
        self.holds.append(await super().hold(segment, until_utc_us=until_utc_us))
        return self.holds[-1]

    def _evidence(self) -> list[EvidenceSetting]:
        path, budget, least = self.evidence.path, self.budget_bytes, self.least_free_bytes
        takes = not self.drained
        return [EvidenceSetting(path, takes_copies=takes, budget_bytes=budget, least_free_bytes=least)]

    def copy(self, segment: SealedSegment) -> Path:
        """Where its copy stands."""
        return self.evidence.sealed_path(segment.camera, segment.start_utc_us, segment.segment)

    async def copied(self, *segments: SealedSegment) -> set[str]:
        """Which of these have a copy, by the index."""
        names = [one.segment for one in segments]
        return set(await self.keeper.books.ask(Index.answer, lambda connection: copies_of(connection, names)))

    async def pass_(self) -> CopiesStatus:
        """A look at the volumes and a turn of the copies."""
        await self.keeper._look_at_volumes()
        await self.keeper._survive("copies", self.keeper.copy_turn)
        status = self.keeper.copying.status
        assert status is not None
        return status

    async def end_hold(self) -> None:
        """End the one that was placed last."""
        await self.act(people.Unhold(hold=self.holds.pop(), reason="0" * 64))

    async def faults(self) -> dict[str, str]:
        return dict((await self.keeper.status()).faults)

    async def told(self) -> list[Copied | Uncopied]:
        """What the ledger was told of copies."""
        return [body for body in await self.logged() if isinstance(body, Copied | Uncopied)]

    async def is_whole(self, segment: SealedSegment) -> bool:
        """Whether the file under the copy's name is what was sealed."""
        row = await self.row(segment.segment)
        return await asyncio.to_thread(wrong_with, self.copy(segment), row, Depth.HASH, lambda _: None) is None

    async def check_copies(self, *segments: SealedSegment) -> None:
        """Every copy of which the index knows is whole, and no other file is on the evidence volume."""
        known = await self.copied(*segments)
        for segment in segments:
            if segment.segment in known:
                assert await self.is_whole(segment)
        own = {one.segment for one in segments if (await self.row(one.segment)).volume == self.evidence.id}
        assert files_on(self.evidence) == known | own


def files_on(volume: Volume) -> set[str]:
    """The segments whose files, whole or not, are anywhere on the volume."""
    return {path.name.removesuffix(SUFFIX) for path in volume.path.rglob(f"*{SUFFIX}")}


def hold_on(segment: SealedSegment) -> people.Hold:
    """Another hold, on what this segment shows."""
    return hold_of(segment, uuid(0x900))
