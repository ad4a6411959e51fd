"""A volume that a person took out for good: what lies there is lost, also what is told late."""

import asyncio

import pytest

from storage.faults import fault_json
from storage.index.lives import TAKEN_OUT
from storage.index.tables import SegmentState
from storage.ledger.machine import Missing
from storage.ledger.people import Discard, Unhold
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town


async def discard(town: Town) -> None:
    """The act, and what comes after it: the volume is off the configuration."""
    volume = town.recorder.volume.id
    await town.act(Discard(volume=volume, disk=None, bay=None, segments=0, bytes=0, held=0, reason="0" * 64))
    await town.keeper.books.follow()
    town.paths.clear()
    await town.keeper.retention_pass()


async def state(town: Town, segment: SealedSegment) -> tuple[SegmentState, str | None]:
    row = await town.row(segment.segment)
    return row.state, row.lost_why


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    return await asyncio.to_thread(town.record, 2)


async def test_footage_is_lost_with_its_volume_by_one_entry(town: Town, segments: list[SealedSegment]) -> None:
    await town.tell(segments)
    await discard(town)
    await town.keeper.reconcile()
    assert [await state(town, one) for one in segments] == [(SegmentState.LOST, TAKEN_OUT)] * 2
    assert not any(isinstance(body, Missing) for body in await town.logged())


async def test_seal_that_is_told_after_the_volume_is_gone_is_told_as_lost(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.tell(segments[:1])
    await discard(town)
    await town.tell(segments[1:])
    await town.keeper.reconcile()
    assert await state(town, segments[1]) == (SegmentState.LOST, TAKEN_OUT)
    assert [body.seg for body in await town.logged() if isinstance(body, Missing)] == [segments[1].segment]


async def test_volume_that_comes_back_after_all_brings_its_footage(town: Town, segments: list[SealedSegment]) -> None:
    await town.tell(segments)
    await discard(town)
    town.paths.append(town.recorder.volume.path)
    await town.keeper.retention_pass()
    await town.keeper.reconcile()
    assert [await state(town, one) for one in segments] == [(SegmentState.SEALED, None)] * 2


async def test_lost_footage_keeps_its_keys_under_hold_and_loses_them_on_time_without(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.tell(segments)
    await town.hold(segments[0])
    await discard(town)
    town.clock.advance(40 * DAY_US)
    await town.keeper.retention_pass()
    assert [(await state(town, one))[0] for one in segments] == [SegmentState.LOST, SegmentState.GONE]


async def test_loss_of_held_footage_is_a_fault_with_its_cause_until_the_hold_ends(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.tell(segments)
    hold = await town.hold(segments[0])
    await discard(town)
    why = (await town.keeper.status()).faults[f"held-lost {hold}"]
    assert TAKEN_OUT in why
    assert f"{segments[0].camera}, from_utc_us={segments[0].start_utc_us}" in why
    told = fault_json(why)
    assert (told["id"], told["fields"]) == (
        "held-lost",
        {
            "hold": hold,
            "segments": 1,
            "cameras": segments[0].camera,
            "from_utc_us": segments[0].start_utc_us,
            "to_utc_us": segments[0].end_utc_us,
        },
    )
    await town.act(Unhold(hold=hold, reason="0" * 64))
    await town.keeper.retention_pass()
    assert f"held-lost {hold}" not in (await town.keeper.status()).faults
