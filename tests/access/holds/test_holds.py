import asyncio
from typing import Any

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from storage.ledger import people
from storage.register import tables
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


LOOKED: dict[str, Any] = {"volumes": [{"room_bytes": 10_000}], "daily_bytes": {}}
"""An hour of the camera is more than a third of this room."""


async def last_hold(town: World) -> tuple[str, people.Hold]:
    """The newest hold of the ledger, and the role in which it was written."""
    entry = [entry for entry in await town.keeper.all() if entry.t == "hold"][-1]
    assert isinstance(entry.body, people.Hold)
    return entry.actor.role, entry.body


async def test_large_hold_is_placed_at_once_and_runs_out_after_96_hours(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    made = await town.act("a.martin", "hold.place", **HELD)
    assert (made["provisional"], made["until_utc_us"]) == (True, NOW_UTC_US + 96 * HOUR_US)
    assert made["room"] == {"limit_permille": 300, "before_permille": 0, "with_permille": 360}
    role, body = await last_hold(town)
    assert (role, body.provisional, body.until_utc_us) == ("officer", True, NOW_UTC_US + 96 * HOUR_US)
    assert body.room == people.RoomKept(limit_permille=300, before_permille=0, with_permille=360)


async def test_validator_places_a_large_hold_for_as_long_as_any_other(town: World) -> None:
    normal = await town.act("a.martin", "hold.place", **HELD)
    town.keeper.looked_ahead = LOOKED
    for account in ("b.petit", "c.both"):
        made = await town.act(account, "hold.place", **HELD)
        assert (made["provisional"], made["until_utc_us"]) == (False, normal["until_utc_us"])
        role, body = await last_hold(town)
        assert (role, body.room and body.room.with_permille) == ("validator", 360)


async def test_same_large_hold_placed_again_is_provisional_again(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    await town.act("a.martin", "hold.place", **HELD)
    again = await town.act("a.martin", "hold.place", **HELD)
    assert (again["provisional"], again["room"]["before_permille"]) == (True, 360)


async def test_hold_that_is_not_measured_is_placed_and_the_ledger_says_so(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    town.index.is_away = True
    made = await town.act("a.martin", "hold.place", **HELD)
    assert made["provisional"] is False
    _, body = await last_hold(town)
    assert body.room == people.RoomKept(limit_permille=300, before_permille=None, with_permille=None)


@pytest.mark.parametrize("hours", [1, 97])
async def test_validator_confirms_a_large_hold_also_one_that_ran_out(town: World, hours: int) -> None:
    normal = await town.act("a.martin", "hold.place", **HELD)
    town.keeper.looked_ahead = LOOKED
    made = await town.act("a.martin", "hold.place", **HELD)
    town.clock.advance(hours * HOUR_US)
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", "hold.confirm", hold=made["hold"])
    confirmed = await town.act("b.petit", "hold.confirm", hold=made["hold"])
    assert (confirmed["provisional"], confirmed["until_utc_us"]) == (False, normal["until_utc_us"])
    assert (confirmed["placed_by"], confirmed["asked_by"], confirmed["room"]) == (
        "a.martin",
        "OPJ Durand",
        made["room"],
    )
    role, body = await last_hold(town)
    assert (role, body.hold, body.provisional) == ("validator", made["hold"], False)
    assert await town.denials() == [("a.martin", "hold.confirm", "role-missing")]


async def test_hold_that_waits_for_nobody_is_not_confirmed(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **HELD)
    town.keeper.looked_ahead = LOOKED
    ended = await town.act("a.martin", "hold.place", **HELD)
    await town.act("b.petit", "hold.end", hold=ended["hold"], reason="trop large")
    for name in (placed["hold"], ended["hold"], "0" * 32):
        with pytest.raises(InvalidValue, match="hold"):
            await town.act("b.petit", "hold.confirm", hold=name)


async def test_register_that_is_made_anew_knows_which_holds_wait(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    made = await town.act("a.martin", "hold.place", **HELD)
    await town.register.close()
    await asyncio.to_thread((town.directory / "register" / "register.db").unlink)
    await town.reopen()
    async with asyncio.timeout(60):
        rows = await town.register.read(lambda session: session.get_one(tables.Hold, made["hold"]))
    assert (rows.provisional, rows.room) == (True, made["room"])


async def test_confirmation_under_a_shorter_order_shortens_nothing(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    before = {**HELD, "from_utc_us": NOW_UTC_US - 200 * HOUR_US, "to_utc_us": NOW_UTC_US - 100 * HOUR_US}
    made = await town.act("a.martin", "hold.place", **before)
    await town.act(
        "root",
        "authorisation.add",
        number="2026-200",
        from_utc_us=NOW_UTC_US - 300 * HOUR_US,
        to_utc_us=NOW_UTC_US + 1000 * HOUR_US,
        retention_days=1,
    )
    confirmed = await town.act("b.petit", "hold.confirm", hold=made["hold"])
    assert (confirmed["provisional"], confirmed["until_utc_us"]) == (False, made["until_utc_us"])
