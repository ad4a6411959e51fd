"""Lost footage ends at its deadline like all other: whoever finds the disk finds nothing that opens."""

import asyncio
import shutil

import pytest

from storage.index.tables import SegmentState
from storage.keyring import KeyRef, KeyShredded
from storage.ledger.machine import Expired
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    """Two segments whose disk was swapped for an empty one of the same name; `found` lies beside it."""
    recorded = await asyncio.to_thread(town.record, 2)
    await town.tell(recorded)
    segments = town.recorder.volume.path / "segments"
    await asyncio.to_thread(segments.rename, town.directory / "found")
    await asyncio.to_thread(segments.mkdir)
    await town.keeper.reconcile()
    assert [await state(town, one) for one in recorded] == [SegmentState.LOST, SegmentState.LOST]
    return recorded


async def state(town: Town, segment: SealedSegment) -> SegmentState:
    return (await town.row(segment.segment)).state


async def find_the_disk(town: Town) -> None:
    segments = town.recorder.volume.path / "segments"
    await asyncio.to_thread(shutil.rmtree, segments)
    await asyncio.to_thread((town.directory / "found").rename, segments)


def key(town: Town, segment: SealedSegment) -> object:
    return town.recorder.keys.find(KeyRef(segment.segment, segment.start_utc_us, segment.shard))


async def test_lost_footage_is_destroyed_at_its_deadline_and_its_keys_with_it(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.hold(segments[0])
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    assert [await state(town, one) for one in segments] == [SegmentState.LOST, SegmentState.GONE]
    assert await asyncio.to_thread(key, town, segments[0]) is not None
    with pytest.raises(KeyShredded):
        await asyncio.to_thread(key, town, segments[1])
    assert [body.segs for body in await town.logged() if isinstance(body, Expired)] == [(segments[1].segment,)]


async def test_disk_that_is_found_after_the_deadline_loses_its_file(town: Town, segments: list[SealedSegment]) -> None:
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    await find_the_disk(town)
    assert town.path(segments[0]).exists()
    await town.keeper.reconcile()
    assert not town.path(segments[0]).exists()
    assert await state(town, segments[0]) is SegmentState.GONE


async def test_disk_that_is_found_before_the_deadline_is_footage_again(
    town: Town, segments: list[SealedSegment]
) -> None:
    assert (await town.row(segments[0].segment)).lost_why == "not on its volume"
    await find_the_disk(town)
    await town.keeper.reconcile()
    assert (await town.row(segments[0].segment)).lost_why is None
    assert await state(town, segments[0]) is SegmentState.SEALED
