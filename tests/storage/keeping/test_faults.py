"""What a disk, a backup or a clock does to a keeper: nothing held goes, nothing goes early, the index is as it was."""

import asyncio
import shutil
from pathlib import Path

from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keyring import KeyringReader
from storage.sealing import SealedSegment
from tests.storage.keeping.destroying import live_keys
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import NOW_US


async def rows(town: Town, segments: list[SealedSegment]) -> list[SegmentRow]:
    return [await town.row(one.segment) for one in segments]


async def test_index_of_yesterday_that_was_put_back_catches_up_with_its_ledger(town: Town) -> None:
    early = await asyncio.to_thread(town.record, 3)
    await town.tell(early)
    await town.keeper.close()
    backup = town.directory / "backup"
    await asyncio.to_thread(shutil.copytree, town.settings.index.parent, backup)
    await town.restart_closed()
    late = await asyncio.to_thread(lambda: town.record(2, first=10, start_utc_us=NOW_US + DAY_US))
    town.clock.advance(DAY_US + 3_600_000_000)
    await town.tell(late)
    await town.hold(early[0])
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    before = await rows(town, [*early, *late])
    assert {row.state for row in before} == {SegmentState.SEALED, SegmentState.GONE}
    await town.keeper.close()
    await asyncio.to_thread(shutil.rmtree, town.settings.index.parent)
    await asyncio.to_thread(shutil.copytree, backup, town.settings.index.parent)
    await town.restart_closed()
    assert await rows(town, [*early, *late]) == before
    await town.keeper.retention_pass()
    assert await rows(town, [*early, *late]) == before
    assert await asyncio.to_thread(town.path(early[0]).exists)


async def test_key_file_that_one_place_lost_is_made_good_and_its_footage_goes_from_both_on_time(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    await town.tell([recorded])
    lost, whole = town.recorder.places
    await asyncio.to_thread(_remove_keys, lost)
    ref = (await town.row(recorded.segment)).key_ref
    assert await asyncio.to_thread(KeyringReader([lost, whole]).find, ref) is not None
    town.clock.advance(3 * DAY_US)
    await town.keeper.retention_pass()
    assert await asyncio.to_thread(live_keys, lost) == {recorded.segment}
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    for place in (lost, whole):
        assert not await asyncio.to_thread(live_keys, place)
    assert (await town.row(recorded.segment)).state is SegmentState.GONE


def _remove_keys(place: Path) -> None:
    for path in place.glob("*/*.keys"):
        path.unlink()


async def test_clock_that_steps_a_day_forward_or_back_destroys_nothing_early(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    await town.tell([recorded])
    town.clock.advance(29 * DAY_US + DAY_US // 2)  # half a day before the end of the legal month
    await town.keeper.retention_pass()
    for step in (DAY_US, -DAY_US, -DAY_US, DAY_US):
        town.clock.step_utc(step)
        for _ in range(3):
            await town.keeper.retention_pass()
            town.clock.advance(60_000_000)
        assert (await town.row(recorded.segment)).state is SegmentState.SEALED
        assert await asyncio.to_thread(town.path(recorded).exists)
    town.clock.advance(DAY_US)
    await town.keeper.retention_pass()
    assert (await town.row(recorded.segment)).state is SegmentState.GONE
