"""Who stands at a place at another time is said, and never taken for who stood there then."""

from typing import Any

from access.footage.coverage import Fate, Part
from access.footage.standing import MOST_ELSEWHEN, nobody_there, recorded_at_us
from nvr.base.units import UtcUs
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World


async def nobody(town: World, place: str, begin: int, end: int) -> dict[str, Any]:
    now = town.clock.utc_us()
    return await town.register.read(lambda session: nobody_there(session, place, UtcUs(begin), UtcUs(end), now))


async def test_camera_that_stands_there_now_or_stood_before_is_named_with_the_times(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13", address="quai Neuf")
    town.clock.advance(DAY_US)
    await town.act("root", "camera.move", camera="cam-1", point="p13")
    town.clock.advance(DAY_US)
    moved, now = NOW_UTC_US + DAY_US, NOW_UTC_US + 2 * DAY_US
    before = await nobody(town, "mairie", now, now + HOUR_US)
    (one,) = before["elsewhen"]
    assert (one["camera"], one["number"], one["when"]) == ("cam-1", "12", "before")
    assert (one["from_utc_us"], one["to_utc_us"]) == (NOW_UTC_US, moved)
    standing = await nobody(town, "quai neuf", NOW_UTC_US, moved)
    (one,) = standing["elsewhen"]
    assert (one["when"], one["to_utc_us"], standing["suggestions"]) == ("now", None, [])
    after = await nobody(town, "mairie", NOW_UTC_US - DAY_US, NOW_UTC_US)
    assert [each["when"] for each in after["elsewhen"]] == ["after"]


async def test_place_with_a_camera_then_names_nobody_else(town: World) -> None:
    told = await nobody(town, "mairie", NOW_UTC_US, NOW_UTC_US + HOUR_US)
    assert told == {"elsewhen": [], "suggestions": []}


async def test_place_that_nobody_knows_has_names_like_it(town: World) -> None:
    told = await nobody(town, "place de la Marie", NOW_UTC_US, NOW_UTC_US + HOUR_US)
    assert told["elsewhen"] == []


async def test_of_a_point_with_a_long_past_only_the_last_placements_are_named(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13", address="quai Neuf")
    for number in range(2 * MOST_ELSEWHEN + 2):
        town.clock.advance(HOUR_US)
        await town.act("root", "camera.move", camera="cam-1", point=f"p1{3 - number % 2}")
    town.clock.advance(HOUR_US)
    told = await nobody(town, "place de la mairie", NOW_UTC_US - DAY_US, NOW_UTC_US - HOUR_US)
    assert len(told["elsewhen"]) == MOST_ELSEWHEN
    assert told["elsewhen"][-1]["from_utc_us"] == NOW_UTC_US + (2 * MOST_ELSEWHEN + 2) * HOUR_US


def test_only_footage_of_the_time_at_the_point_counts_for_it() -> None:
    found = [Part(Fate.RECORDED, 10, 30), Part(Fate.GAP, 30, 40), Part(Fate.RECORDED, 40, 60)]
    assert recorded_at_us(found, {"from_utc_us": 20, "to_utc_us": 45}) == 15
    assert recorded_at_us(found, {"from_utc_us": 45, "to_utc_us": None}) == 15
    assert recorded_at_us(found, {"from_utc_us": 70, "to_utc_us": None}) == 0
