"""Keys that a backup brings back are shredded again before they are used."""

import asyncio
import shutil

from nvr.base.ids import SegmentId
from storage.keeping.tombstones import revived_keys
from storage.keyring import KeyRef, KeyShredded
from tests.storage.keeping.town import DAY_US, Town


async def test_place_restored_from_a_backup_opens_nothing_that_was_destroyed(town: Town) -> None:
    recorded = await asyncio.to_thread(town.record, 2)
    await town.tell(recorded)
    places, backup = town.recorder.places, town.directory / "backup"
    await asyncio.to_thread(shutil.copytree, places[0], backup)
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    for place in places:
        await asyncio.to_thread(shutil.rmtree, place)
        await asyncio.to_thread(shutil.copytree, backup, place)
    ref = KeyRef(SegmentId(recorded[0].segment), recorded[0].start_utc_us, 0)
    assert await asyncio.to_thread(opens, town, ref)
    revived = await town.keeper.books.survey(revived_keys, places)
    assert {one.segment for one in revived} == {segment.segment for segment in recorded}
    await town.restart()
    assert not await asyncio.to_thread(opens, town, ref)


def opens(town: Town, ref: KeyRef) -> bool:
    try:
        return town.recorder.keys.find(ref) is not None
    except KeyShredded:
        return False


async def test_absent_place_revives_nothing(town: Town) -> None:
    assert await town.keeper.books.survey(revived_keys, [town.directory / "nowhere"]) == []
