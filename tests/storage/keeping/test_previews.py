"""What a change of retention would mean, before it is made: it destroys exactly what the preview said."""

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.queries import IndexReader
from storage.index.rows import Order
from storage.index.tables import SegmentState
from storage.keeping.previews import Change, Effect, OwnDays, effects_of
from storage.ledger import people
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import CAMERA, NOW_US


def order(days: int, *, authorisation: str = "order-1", begin: int = 0, cameras: frozenset[str] | None = None) -> Order:
    return Order(authorisation, "2026-1", UtcUs(begin), None, days, None, cameras)


async def effects(town: Town, change: Change) -> list[Effect]:
    def ask(index: IndexReader, now_utc_us: UtcUs) -> list[Effect]:
        return effects_of(index, ZoneInfo("Europe/Paris"), now_utc_us, change)

    await town.keeper.books.follow()
    return await town.keeper.books.survey(ask, town.clock.utc_us())


async def enter(town: Town, entered: Order) -> None:
    await town.act(
        people.Authorisation(
            authorisation=entered.authorisation,
            number=entered.number,
            from_utc_us=entered.from_utc_us,
            to_utc_us=entered.to_utc_us,
            retention_days=entered.retention_days,
            minimum_days=entered.minimum_days,
            cameras=None,
        )
    )


async def test_shorter_order_destroys_what_its_preview_said_and_nothing_else(town: Town) -> None:
    segments = await asyncio.to_thread(town.record, 2)
    await town.tell(segments)
    await town.act(people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=None, retired=False))
    await enter(town, order(20))
    town.clock.advance(12 * DAY_US)
    assert await effects(town, order(20)) == []
    assert [(one.days_before, one.days, one.segments) for one in await effects(town, order(25))] == [(20, 25, 0)]
    (going,) = await effects(town, order(10))
    assert (going.camera, going.days_before, going.days, going.segments) == (CAMERA, 20, 10, 2)
    assert going.from_utc_us == segments[0].start_utc_us
    assert going.to_utc_us == segments[-1].end_utc_us
    assert going.file_bytes == sum(each.file_bytes for each in segments)
    await enter(town, order(10))
    await town.keeper.retention_pass()
    assert [(await town.row(each.segment)).state for each in segments] == [SegmentState.GONE] * 2


async def test_what_is_held_or_began_before_the_order_stays(town: Town) -> None:
    segments = await asyncio.to_thread(town.record, 2)
    await town.tell(segments)
    await enter(town, order(20))
    town.clock.advance(12 * DAY_US)
    later = order(10, authorisation="order-2", begin=NOW_US + DAY_US)
    assert [one.segments for one in await effects(town, later)] == [0]
    await town.hold(segments[0])
    assert [one.segments for one in await effects(town, order(10, authorisation="order-2"))] == [1]
    elsewhere = order(10, authorisation="order-2", cameras=frozenset({"elsewhere"}))
    assert await effects(town, elsewhere) == []


async def test_cameras_own_setting_destroys_what_its_preview_said_and_never_within_the_minimum(town: Town) -> None:
    segments = await asyncio.to_thread(town.record, 2)
    await town.tell(segments)
    await enter(town, replace(order(20), minimum_days=5))
    town.clock.advance(12 * DAY_US)
    own = OwnDays(CameraId(CAMERA), 10)
    (going,) = await effects(town, own)
    assert (going.camera, going.days_before, going.days, going.segments) == (CAMERA, 20, 10, 2)
    (least,) = await effects(town, OwnDays(CameraId(CAMERA), 1))
    assert least.days == 5
    assert await effects(town, OwnDays(CameraId(CAMERA), None)) == []
    assert await effects(town, OwnDays(CameraId("elsewhere"), None)) == []
    body = people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=10, retired=False)
    await town.act(body)
    await town.act(people.Allow(camera=CAMERA, reason="0" * 64, until_utc_us=town.clock.utc_us() + DAY_US))
    await town.keeper.retention_pass()
    assert [(await town.row(each.segment)).state for each in segments] == [SegmentState.GONE] * 2
