import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from tests.access.world import HOUR_US, NOW_UTC_US, World

HELD = {
    "cameras": ["cam-1"],
    "from_utc_us": NOW_UTC_US - HOUR_US,
    "to_utc_us": NOW_UTC_US,
    "asked_by": "OPJ Durand",
}


@pytest.mark.parametrize("account", ["root", "a.martin", "b.petit", "e.seat", "f.audit", "g.fix"])
async def test_any_named_account_places_a_hold(town: World, account: str) -> None:
    made = await town.act(account, "hold.place", **HELD)
    assert (made["placed_by"], made["asked_by"], made["requisition"]) == (account, "OPJ Durand", None)


async def test_place_stands_for_its_cameras(town: World) -> None:
    town.clock.advance(HOUR_US)
    asked = {**HELD, "cameras": None, "place": "mairie", "to_utc_us": NOW_UTC_US + HOUR_US}
    assert (await town.act("root", "hold.place", **asked))["cameras"] == ["cam-1"]


async def test_place_where_nothing_stood_holds_nothing_and_is_named(town: World) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "hold.place", **{**HELD, "cameras": None, "place": "nulle part"})
    assert refusal.value.field == "place"


async def test_hold_without_a_requisition_is_ended_by_a_validator_with_a_reason(town: World) -> None:
    hold = (await town.act("a.martin", "hold.place", **HELD))["hold"]
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", "hold.end", hold=hold, reason="erreur")
    ended = await town.act("b.petit", "hold.end", hold=hold, reason="erreur")
    assert (ended["ended"], ended["end_reason"]) == (True, "erreur")
    with pytest.raises(InvalidValue, match="hold"):
        await town.act("b.petit", "hold.end", hold=hold, reason="erreur")
    assert await town.denials() == [("a.martin", "hold.end", "role-missing")]


async def test_hold_of_a_requisition_ends_with_it_alone(town: World) -> None:
    made = await town.act("a.martin", "requisition.new", **HELD)
    with pytest.raises(Denied, match="requisition-holds"):
        await town.act("b.petit", "hold.end", hold=made["hold"], reason="erreur")


async def test_shorter_order_gives_a_shorter_hold(town: World) -> None:
    before = await town.act("root", "hold.place", **HELD)
    await town.act(
        "root",
        "authorisation.add",
        number="2026-200",
        from_utc_us=NOW_UTC_US - HOUR_US,
        to_utc_us=NOW_UTC_US + 1000 * HOUR_US,
        retention_days=10,
    )
    after = await town.act("root", "hold.place", **HELD)
    assert after["until_utc_us"] < before["until_utc_us"]
