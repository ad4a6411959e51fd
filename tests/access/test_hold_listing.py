"""Holds are listed with what the index says of them, and without it while it is away."""

from typing import Any, Final

from nvr.base.ids import CameraId, HoldId
from nvr.base.units import UtcUs
from storage.index.on_volume import LostStretch, Stretch
from tests.access.world import HOUR_US, NOW_UTC_US, World

SPAN: Final = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
HELD: Final[dict[str, Any]] = {"cameras": ["cam-1"], "asked_by": "OPJ Durand", **SPAN}


async def test_holds_are_listed_with_what_they_keep_and_what_is_lost_of_them(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **HELD)
    (hold,) = await town.act("root", "hold.list")
    assert (hold["lost"], hold["kept_bytes"]) == ([], 0)
    begin = UtcUs(NOW_UTC_US - HOUR_US)
    stretch = Stretch(CameraId("cam-1"), begin, begin, UtcUs(NOW_UTC_US), HOUR_US, 12, 1200)
    town.index.kept = {HoldId(placed["hold"]): 1200}
    town.index.held_lost = [LostStretch(HoldId(placed["hold"]), stretch, "not on its volume", UtcUs(NOW_UTC_US))]
    (hold,) = await town.act("root", "hold.list")
    assert hold["lost"] == [
        {"camera": "cam-1", **SPAN, "segments": 12, "why": "not on its volume", "lost_utc_us": NOW_UTC_US}
    ]
    assert hold["kept_bytes"] == 1200


async def test_holds_are_listed_while_the_index_is_away_and_what_it_would_say_is_unknown(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **HELD)
    town.index.is_away = True
    (hold,) = await town.act("root", "hold.list")
    assert (hold["hold"], hold["cameras"], hold["ended"]) == (placed["hold"], ["cam-1"], False)
    assert (hold["kept_bytes"], hold["lost"]) == (None, None)
