"""Holds that somebody has to look at are told, without the name of anybody."""

from typing import Any, Final

from access.holds.awaiting import LAPSED_US
from access.policy import ActName
from access.service import AccessService
from tests.access.opened import Opened
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World

SPAN: Final = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
HELD: Final[dict[str, Any]] = {"cameras": ["cam-1"], "asked_by": "OPJ Durand", **SPAN}
LOOKED: Final[dict[str, Any]] = {"volumes": [{"room_bytes": 10_000}], "daily_bytes": {}}


async def told(town: World) -> list[str]:
    service: AccessService = town.service
    status: dict[str, Any] = await service.status()
    return [hold["hold"] for hold in status["holds_waiting"]]


async def test_large_hold_is_told_until_a_validator_confirms_it(town: World) -> None:
    normal = await town.act("a.martin", "hold.place", **HELD)
    town.keeper.looked_ahead = LOOKED
    large = await town.act("a.martin", "hold.place", **HELD)
    status: dict[str, Any] = await town.service.status()
    assert status["holds_waiting"] == [
        {
            "hold": large["hold"],
            "requisition": None,
            "cameras": 1,
            "placed_utc_us": large["placed_utc_us"],
            "until_utc_us": large["until_utc_us"],
            "room": {"limit_permille": 300, "before_permille": 360, "with_permille": 360},
        }
    ]
    assert "Durand" not in repr(status)
    assert "martin" not in repr(status)
    await town.act("b.petit", "hold.confirm", hold=large["hold"])
    assert await told(town) == []
    assert normal["provisional"] is False


async def test_large_hold_that_ran_out_is_told_for_a_week_more(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    large = await town.act("a.martin", "hold.place", **HELD)
    town.clock.advance(large["until_utc_us"] - NOW_UTC_US + LAPSED_US - 1)
    assert await told(town) == [large["hold"]]
    town.clock.advance(1)
    assert await told(town) == []


async def test_requisition_that_is_refused_needs_nobody_for_its_hold(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    town.index.recorded(ago_us=HOUR_US)
    asked = await town.act("a.martin", "requisition.new", **HELD)
    assert (asked["hold_provisional"], asked["hold_room"]["with_permille"]) == (True, 360)
    assert asked["hold_until_utc_us"] == NOW_UTC_US + 96 * HOUR_US
    assert await told(town) == [asked["hold"]]
    await town.act("b.petit", "requisition.refuse", requisition=asked["requisition"], reason="sans base")
    assert await told(town) == []


async def test_requisition_of_who_also_validates_is_not_large_and_its_hold_is_the_validators(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    town.index.recorded(ago_us=HOUR_US)
    asked = await town.act("c.both", "requisition.new", **HELD)
    assert asked["hold_provisional"] is False
    roles = {entry.t: entry.actor.role for entry in await town.keeper.all() if entry.t in ("hold", "req")}
    assert roles == {"hold": "validator", "req": "officer"}


async def test_validation_of_its_requisition_confirms_a_large_hold(opened: Opened) -> None:
    town = opened.world
    town.keeper.looked_ahead = {"volumes": [{"room_bytes": 1}], "daily_bytes": {}}
    number = await opened.ask()
    assert len(await told(town)) == 1
    await opened.validate(number)
    shown = await town.act("b.petit", ActName.REQUISITION_SHOW, requisition=number)
    assert (shown["hold_provisional"], shown["hold_until_utc_us"]) == (False, None)
    assert await told(town) == []


async def old_of(town: World) -> list[str]:
    status: dict[str, Any] = await town.service.status()
    return [hold["hold"] for hold in status["holds_old"]]


async def test_hold_is_old_from_the_day_of_the_setting_until_it_ends(town: World) -> None:
    town.index.recorded(ago_us=HOUR_US)
    number = (await town.act("a.martin", "requisition.new", **HELD))["requisition"]
    ahead = {**HELD, "to_utc_us": NOW_UTC_US + 200 * DAY_US}
    alone = (await town.act("f.audit", "hold.place", **ahead))["hold"]
    town.clock.advance(90 * DAY_US - 1)
    assert await old_of(town) == []
    town.clock.advance(1)
    status: dict[str, Any] = await town.service.status()
    assert status["holds_old"] == [
        {
            "hold": alone,
            "requisition": None,
            "requisition_state": None,
            "cameras": 1,
            "placed_utc_us": NOW_UTC_US,
            "to_utc_us": NOW_UTC_US + 200 * DAY_US,
        }
    ]  # the requisition's unvalidated hold has run out by itself
    assert not [name for name in ("Durand", "martin", "audit", number) if name in repr(status)]
    await town.act("b.petit", "hold.end", hold=alone, reason="plus utile")
    assert await old_of(town) == []


async def test_hold_of_a_requisition_that_is_refused_is_old_at_once(town: World) -> None:
    town.index.recorded(ago_us=HOUR_US)
    asked = await town.act("a.martin", "requisition.new", **HELD)
    assert await old_of(town) == []
    await town.act("b.petit", "requisition.refuse", requisition=asked["requisition"], reason="sans base")
    status: dict[str, Any] = await town.service.status()
    (told,) = status["holds_old"]
    assert (told["hold"], told["requisition_state"]) == (asked["hold"], "refused")
    await town.act("b.petit", "requisition.close", requisition=asked["requisition"], reason="sans base")
    assert await old_of(town) == []
