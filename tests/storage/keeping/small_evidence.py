"""Copies fill a real, small disk, and room comes back: run by `test_copies_full` where it may be mounted."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from storage.keeping.evidence_room import Stopped
from tests.storage.keeping.evidence import EvidenceTown, files_on

LEFT_BYTES: Final = 12 << 10
"""So much the small disk has left: less than the four segments take."""


async def main(folder: Path) -> None:
    """The folder's `disk` is the evidence volume; what room the file system counts is not asked, its refusal is."""
    town = await asyncio.to_thread(EvidenceTown, folder / "town", evidence=folder / "disk")
    town.least_free_bytes = -(1 << 40)  # every copy begins, and the disk decides
    await town.keeper.start()
    segments = await asyncio.to_thread(town.record, 4)
    for segment in segments:
        await town.tell([segment])
        await town.hold(segment)
    filler = town.evidence.path / "filler"
    room = town.evidence.space().free_bytes
    await asyncio.to_thread(filler.write_bytes, bytes(room - LEFT_BYTES))
    status = await town.pass_()
    assert status.stopped is Stopped.FULL, status
    assert 0 < status.twice.segments < len(segments), status
    await town.check_copies(*segments)
    assert len(files_on(town.recorder.volume)) == len(segments)
    await asyncio.to_thread(filler.unlink)
    status = await town.pass_()
    assert (status.twice.segments, status.stopped) == (len(segments), None), status
    await town.check_copies(*segments)
    await town.keeper.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
