"""A retention pass over real footage: what is due goes, what is held or young stays, and why."""

import asyncio
import dataclasses

import pytest

from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keeping.destruction import Pass
from storage.ledger import people
from storage.ledger.machine import Expire
from storage.ledger.service import Draft
from storage.reaper import NOTHING
from storage.retention_clock import Pause
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import HOUR_US, seal
from tests.storage.sealed import CAMERA, NOW_US


def order(days: int, minimum: int | None = None) -> people.Authorisation:
    return people.Authorisation(
        authorisation="order-1",
        number="2026-1",
        from_utc_us=0,
        to_utc_us=None,
        retention_days=days,
        minimum_days=minimum,
        cameras=None,
    )


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, 2)
    await town.tell(recorded)
    return recorded


async def run(town: Town) -> Pass:
    return await town.keeper._retention.run("synchronised")


async def states(town: Town, segments: list[SealedSegment]) -> list[SegmentState]:
    return [(await town.row(segment.segment)).state for segment in segments]


async def test_footage_goes_when_its_days_are_over_and_not_before(town: Town, segments: list[SealedSegment]) -> None:
    await town.act(order(15))
    town.clock.advance(15 * DAY_US)
    assert (await run(town)).destroyed == NOTHING
    town.clock.advance(DAY_US)
    assert (await run(town)).destroyed.segments == 2
    assert await states(town, segments) == [SegmentState.GONE, SegmentState.GONE]


async def test_held_footage_stays_and_is_counted(town: Town, segments: list[SealedSegment]) -> None:
    await town.act(order(15))
    hold = await town.hold(segments[0])
    town.clock.advance(40 * DAY_US)
    done = await run(town)
    assert (done.held, done.destroyed.segments) == (1, 1)
    assert await states(town, segments) == [SegmentState.SEALED, SegmentState.GONE]
    await town.act(people.Unhold(hold=hold, reason="0" * 64))
    assert (await run(town)).destroyed.segments == 1


async def test_without_an_order_the_legal_month_applies_and_is_said(town: Town, segments: list[SealedSegment]) -> None:
    town.clock.advance(29 * DAY_US)
    assert (await run(town)).destroyed == NOTHING
    town.clock.advance(3 * DAY_US)
    done = await run(town)
    assert (done.without_order, done.destroyed.segments) == (2, 2)


async def test_cameras_own_setting_is_the_reason_when_it_shortens(town: Town, segments: list[SealedSegment]) -> None:
    await town.act(order(15, 2))
    camera = people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=3, retired=False)
    await town.act(camera)
    town.clock.advance(5 * DAY_US)
    assert (await run(town)).destroyed.segments == 2
    assert [body.reason for body in await town.logged() if isinstance(body, Expire)] == ["camera"]


async def test_clock_that_was_ahead_while_it_was_not_synchronised_destroys_nothing_ever(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.act(order(15))
    town.clock.step_utc(400 * DAY_US)
    await town.act(order(15))
    assert (await town.keeper._retention.run("unsynchronised")).paused is Pause.AHEAD
    town.clock.step_utc(-400 * DAY_US)
    assert (await run(town)).paused is Pause.BEHIND
    await town.restart()
    assert (await run(town)).paused is Pause.BEHIND
    assert await states(town, segments) == [SegmentState.SEALED, SegmentState.SEALED]


async def test_clock_that_is_not_plausible_is_a_fault_until_it_is(town: Town, segments: list[SealedSegment]) -> None:
    town.clock.step_utc(40 * DAY_US)
    await town.keeper.retention_pass()
    assert "ahead" in (await town.keeper.status()).faults["clock"]
    town.clock.advance(600_000_000)
    await town.keeper.retention_pass()
    assert (await town.keeper.status()).faults == {}
    assert await states(town, segments) == [SegmentState.GONE, SegmentState.GONE]


async def record_days(town: Town, days: int, camera: str) -> None:
    """So many days of footage of the camera, as the ledger and the index know them; an hour a segment."""
    hours = [
        seal(0x1000 + hour, camera, NOW_US + hour * HOUR_US).model_copy(
            update={"end_utc_us": NOW_US + (hour + 1) * HOUR_US, "volume": town.recorder.volume.id}
        )
        for hour in range(days * 24)
    ]
    await town.keeper.books.append([Draft(one) for one in hours])


async def test_setting_that_would_take_most_of_a_camera_waits_for_a_person_and_goes_once(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.act(order(15, 2))
    await record_days(town, 10, "hall-2")
    await town.act(people.Camera(camera="hall-2", url_hash="0" * 64, shard=0, retention_days=3, retired=False))
    await town.act(people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=3, retired=False))
    town.clock.advance(11 * DAY_US)
    await town.keeper.retention_pass()
    assert await states(town, segments) == [SegmentState.GONE, SegmentState.GONE]
    fault = (await town.keeper.status()).faults["retention-mass hall-2"]
    assert "camera=hall-2" in fault
    until = town.clock.utc_us() + DAY_US
    await town.act(people.Allow(camera="hall-2", reason="0" * 64, until_utc_us=until))
    done = await run(town)
    assert done.halts == ()
    assert done.destroyed.segments > 5 * 24
    intents = [body for body in await town.logged() if isinstance(body, Expire)]
    assert [one.allowed for one in intents] == [None, "hall-2"]
    assert await town.keeper.books.ask(Index.allowed, town.clock.utc_us()) == frozenset()


async def test_allowance_that_is_over_allows_nothing(town: Town) -> None:
    await town.act(order(15, 2))
    await record_days(town, 10, "hall-2")
    await town.act(people.Camera(camera="hall-2", url_hash="0" * 64, shard=0, retention_days=3, retired=False))
    town.clock.advance(11 * DAY_US)
    await town.act(people.Allow(camera="hall-2", reason="0" * 64, until_utc_us=town.clock.utc_us()))
    assert [halt.about for halt in (await run(town)).halts] == ["hall-2"]


async def test_cap_takes_everything_after_weeks_without_power(town: Town) -> None:
    await town.act(order(15, 2))
    await record_days(town, 3, "hall-2")
    await town.act(people.Camera(camera="hall-2", url_hash="0" * 64, shard=0, retention_days=3, retired=False))
    town.clock.advance(40 * DAY_US)
    done = await run(town)
    assert (done.halts, done.destroyed.segments) == ((), 72)


async def test_plan_is_made_page_by_page(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.keeping.surveys.PAGE", 1)
    town.clock.advance(40 * DAY_US)
    assert (await run(town)).destroyed.segments == 2
    assert dataclasses.is_dataclass(NOTHING)
    assert town.clock.utc_us() > NOW_US
