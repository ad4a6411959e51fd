"""What the tests of mending share: a segment that lies twice, whose own file is bent, and how it must stand after."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from storage.inspection import Depth, wrong_with
from storage.sealing import SealedSegment
from tests.storage.keeping.checked import bent, check, flipped
from tests.storage.keeping.evidence import EvidenceTown


@dataclass(frozen=True, slots=True)
class Bendable:
    """One of two segments that are held and lie twice."""

    town: EvidenceTown
    one: SealedSegment

    @property
    def own(self) -> Path:
        return self.town.path(self.one)

    @property
    def copy(self) -> Path:
        return self.town.copy(self.one)

    async def bend(self) -> bytes:
        """Flip a bit of its own file; what was in it before."""
        return await bent(self.town, self.one, flipped(-100))

    async def mend(self) -> None:
        """Bend it, find it, and mend it."""
        before = await self.bend()
        await check(self.town)
        await self.town.pass_()
        assert await is_mended(self.town, self.one, flipped(-100)(before))


def kept_of(town: EvidenceTown, one: SealedSegment) -> Path:
    """Where its bent file is kept."""
    return town.recorder.volume.damaged_path(one.camera, one.start_utc_us, one.segment)


async def is_mended(town: EvidenceTown, one: SealedSegment, bent_bytes: bytes) -> bool:
    """Own file and copy are whole, the bent one is kept, the ledger says so, and nothing else was left."""
    row = await town.row(one.segment)
    own = await asyncio.to_thread(wrong_with, town.path(one), row, Depth.HASH, lambda _: None)
    assert own is None, own
    assert await town.is_whole(one)
    assert kept_of(town, one).read_bytes() == bent_bytes
    assert not list(town.recorder.volume.copying.iterdir())
    return row.damaged_why is None and await town.copied(one) == {one.segment}
