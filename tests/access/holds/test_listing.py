"""Holds are listed with what the index says of them, and without it while it is away."""

from typing import Any, Final

import pytest

from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, HoldId
from nvr.base.units import UtcUs
from storage.index.on_evidence import Kept
from storage.index.on_volume import LostStretch, Stretch, Total
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World

SPAN: Final = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
HELD: Final[dict[str, Any]] = {"cameras": ["cam-1"], "asked_by": "OPJ Durand", **SPAN}


async def test_holds_are_listed_with_what_they_keep_and_what_is_lost_of_them(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **HELD)
    (hold,) = await town.act("root", "hold.list")
    assert (hold["lost"], hold["kept_bytes"], hold["copies"]["once"]["segments"]) == ([], 0, 0)
    begin = UtcUs(NOW_UTC_US - HOUR_US)
    stretch = Stretch(CameraId("cam-1"), begin, begin, UtcUs(NOW_UTC_US), HOUR_US, 12, 1200)
    town.index.kept = {placed["hold"]: Kept(once=Total(1, 200), twice=Total(5, 1000))}
    town.index.held_lost = [LostStretch(HoldId(placed["hold"]), stretch, "not on its volume", UtcUs(NOW_UTC_US))]
    (hold,) = await town.act("root", "hold.list")
    assert hold["lost"] == [
        {"camera": "cam-1", **SPAN, "segments": 12, "why": "not on its volume", "lost_utc_us": NOW_UTC_US}
    ]
    assert hold["kept_bytes"] == 1200
    assert hold["copies"] == {"once": {"segments": 1, "bytes": 200}, "twice": {"segments": 5, "bytes": 1000}}


async def test_holds_are_listed_while_the_index_is_away_and_what_it_would_say_is_unknown(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **HELD)
    town.index.is_away = True
    (hold,) = await town.act("root", "hold.list")
    assert (hold["hold"], hold["cameras"], hold["ended"]) == (placed["hold"], ["cam-1"], False)
    assert (hold["kept_bytes"], hold["copies"], hold["lost"]) == (None, None, None)


async def listed(town: World, days: int | None) -> list[str]:
    return [hold["hold"] for hold in await town.act("root", "hold.list", old_days=days)]


async def test_old_holds_are_those_that_run_and_still_keep_something(town: World) -> None:
    ahead = {**HELD, "to_utc_us": NOW_UTC_US + 200 * DAY_US}
    future = (await town.act("a.martin", "hold.place", **ahead))["hold"]
    town.clock.advance(DAY_US)
    past = (await town.act("a.martin", "hold.place", **HELD))["hold"]
    town.clock.advance(9 * DAY_US)
    assert await listed(town, None) == [past, future]
    assert await listed(town, 10) == [future]
    assert await listed(town, 9) == [future]
    town.index.kept = {past: Kept(once=Total(1, 1), twice=Total(0, 0))}
    assert await listed(town, 9) == [past, future]
    town.index.is_away = True
    assert await listed(town, 9) == [past, future]


async def test_age_that_can_not_be_is_refused_by_its_field(town: World) -> None:
    for days in (-1, 3651):
        with pytest.raises(InvalidValue) as refusal:
            await town.act("root", "hold.list", old_days=days)
        assert refusal.value.field == "old_days"


async def test_hold_is_listed_with_how_far_its_requisition_is(town: World) -> None:
    town.index.recorded(ago_us=HOUR_US)
    await town.act("a.martin", "requisition.new", **HELD)
    (hold,) = await town.act("root", "hold.list")
    assert (hold["requisition"], hold["requisition_state"]) == ("R-2026-000001", "received")
