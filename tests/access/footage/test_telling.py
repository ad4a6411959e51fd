"""Countdowns stand beside every request: until when what it asks for is there, and what holds it."""

from typing import Any

import pytest

from access.footage.standing import NoCameraThere
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.deadline import deadline_utc_us
from storage.holds import held_now
from storage.index.rows import HoldScope
from storage.ledger.people import Hold, Unhold
from storage.retention import Rules, Verdict, plan
from tests.access.world import CAMERA, DAY_US, HOUR_US, NOW_UTC_US, ZONE, World
from tests.storage.test_retention import segment

SCOPE: dict[str, Any] = {"cameras": [CAMERA], "from_utc_us": NOW_UTC_US - 3 * HOUR_US, "to_utc_us": NOW_UTC_US}
BY = {"asked_by": "OPJ Durand"}


async def test_hold_that_is_placed_says_until_when_it_keeps(town: World) -> None:
    placed = await town.act("a.martin", "hold.place", **SCOPE, **BY)
    told = placed["countdown"]
    assert (told["state"], told["held"], told["camera"]) == ("counting", "whole", CAMERA)
    assert told["destroyed_utc_us"] == told["held_until_utc_us"] == placed["until_utc_us"]
    assert told["remaining_us"] == placed["until_utc_us"] - NOW_UTC_US
    (listed,) = await town.act("root", "hold.list")
    assert listed["countdown"] == told


async def test_requisition_shows_the_countdown_of_what_nobody_holds_any_more(town: World) -> None:
    town.index.recorded()
    made = await town.act("a.martin", "requisition.new", **SCOPE, **BY)
    assert made["countdown"]["held"] == "whole"
    await town.act("b.petit", "requisition.refuse", requisition=made["requisition"], reason="no basis")
    await town.act("b.petit", "requisition.close", requisition=made["requisition"], reason="answered")
    shown = await town.act("a.martin", "requisition.show", requisition=made["requisition"])
    told = shown["countdown"]
    assert (told["state"], told["held"]) == ("counting", "none")
    assert told["destroyed_utc_us"] == deadline_utc_us(SCOPE["from_utc_us"] - 300_000_000, 30, ZONE)
    town.clock.advance(40 * DAY_US)
    (row,) = await town.act("f.audit", "requisition.list")
    assert (row["countdown"]["state"], row["countdown"]["remaining_us"]) == ("over", None)


async def test_answer_that_there_are_no_pictures_has_nothing_to_count(town: World) -> None:
    town.index.destroyed.add(CAMERA)
    made = await town.act("a.martin", "requisition.new", **{**SCOPE, "to_utc_us": NOW_UTC_US - HOUR_US}, **BY)
    assert (made["state"], made["countdown"]) == ("no-images", None)


async def test_interval_to_come_is_taken_and_shown_as_such(town: World) -> None:
    ahead = {**SCOPE, "from_utc_us": NOW_UTC_US + DAY_US, "to_utc_us": NOW_UTC_US + 2 * DAY_US}
    placed = await town.act("a.martin", "hold.place", **ahead, **BY)
    made = await town.act("a.martin", "requisition.new", **ahead, **BY)
    assert (placed["countdown"]["to_come"], made["countdown"]["to_come"], made["state"]) == (True, True, "received")


async def test_keeper_and_index_that_are_away_cost_no_countdown(town: World) -> None:
    await town.act("a.martin", "hold.place", **SCOPE, **BY)

    async def away() -> Json:
        raise InvalidValue(field="x", value=None, expected="an answer")

    town.keeper.forecast = away  # type: ignore[method-assign]
    await town.compose()
    town.index.is_away = True
    (listed,) = await town.act("root", "hold.list")
    assert (listed["countdown"]["state"], listed["countdown"]["early_utc_us"]) == ("counting", None)


async def test_list_asks_the_index_nothing_more_however_long_it_is(town: World) -> None:
    town.index.recorded(ago_us=2 * HOUR_US)
    for _ in range(3):
        await town.act("a.martin", "requisition.new", **SCOPE, **BY)
    town.index.is_away = True
    before = town.index.asked
    assert len(await town.act("a.martin", "requisition.list")) == 3
    assert town.index.asked == before


async def test_place_where_nobody_stands_is_refused_with_names_that_are_like_it(town: World) -> None:
    scope = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
    with pytest.raises(NoCameraThere) as near:
        await town.act("a.martin", "hold.place", place="rue de l'Eglse", **scope, **BY)
    assert near.value.field == "place"
    assert (near.value.fields["near"], near.value.fields["there"]) == ("rue de l'Église", None)
    with pytest.raises(NoCameraThere) as elsewhen:
        await town.act("a.martin", "hold.place", place="rue de l'Église", **scope, **BY)
    assert (elsewhen.value.fields["near"], elsewhen.value.fields["there"]) == (None, "cam-1")
    assert await town.act("root", "hold.list") == []


async def holds_that_run(town: World) -> list[HoldScope]:
    """As the keeper's index has them, from the ledger; each is of the one camera."""
    scopes: dict[str, HoldScope] = {}
    for entry in await town.keeper.all():
        match entry.body:
            case Hold() as body:
                begin, end = UtcUs(body.from_utc_us), UtcUs(body.to_utc_us)
                until = None if body.until_utc_us is None else UtcUs(body.until_utc_us)
                scopes[body.hold] = HoldScope(body.hold, CAMERA, begin, end, until, 0)
            case Unhold() as body:
                scopes.pop(body.hold, None)
    return list(scopes.values())


async def test_footage_under_several_holds_stays_until_the_last_ends(town: World) -> None:
    """Through acts: what the keeper would destroy is what the ledger's holds leave."""
    first = await town.act("a.martin", "hold.place", **SCOPE, **BY)
    town.clock.advance(DAY_US)
    later = {**SCOPE, "to_utc_us": NOW_UTC_US + 5 * DAY_US}
    second = await town.act("a.martin", "hold.place", **later, **BY)
    assert second["until_utc_us"] > first["until_utc_us"]
    footage = segment(1, NOW_UTC_US - HOUR_US, CAMERA)

    async def verdict(now_utc_us: int) -> Verdict:
        held = held_now(await holds_that_run(town), [], now_utc_us)
        (decision,) = plan([footage], held, Rules((), {}, ZONE), now_utc_us)
        return decision.verdict

    past_cap = NOW_UTC_US + 32 * DAY_US
    assert await verdict(past_cap) is Verdict.HELD
    await town.act("b.petit", "hold.end", hold=first["hold"], reason="ended early")
    assert await verdict(past_cap) is Verdict.HELD
    told = {hold["hold"]: hold["countdown"] for hold in await town.act("root", "hold.list")}
    assert told[first["hold"]]["destroyed_utc_us"] == second["until_utc_us"]
    assert await verdict(second["until_utc_us"]) is Verdict.DUE
    await town.act("b.petit", "hold.end", hold=second["hold"], reason="over")
    assert await verdict(past_cap) is Verdict.DUE
    told = {hold["hold"]: hold["countdown"] for hold in await town.act("root", "hold.list")}
    assert {one["held"] for one in told.values()} == {"none"}
