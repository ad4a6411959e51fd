"""A hold is in the ledger before anything is looked at, and whatever fails afterwards takes nothing from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from access.holds.placing import changed_hold
from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from storage.ledger import people
from storage.register import tables
from tests.access.world import HOUR_US, NOW_UTC_US, PASSWORD, World

HELD: Final[dict[str, Any]] = {
    "cameras": ["cam-1"],
    "from_utc_us": NOW_UTC_US - 2 * HOUR_US,
    "to_utc_us": NOW_UTC_US - HOUR_US,
    "asked_by": "OPJ Durand",
}
LOOKED: Final[dict[str, Any]] = {"volumes": [{"room_bytes": 10_000}], "daily_bytes": {}}
"""An hour of the camera is more than a third of this room."""

BOTH = pytest.mark.parametrize("act", ["hold.place", "requisition.new"])


@asynccontextmanager
async def looking(
    town: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> AsyncIterator[tuple[asyncio.Task[Any], asyncio.Event]]:
    """A hold is asked for, and the index begins to look and goes on until the event: of what is there, or is kept."""
    begun, answers = asyncio.Event(), asyncio.Event()
    town.keeper.looked_ahead = LOOKED
    question = "kept_bytes" if act == "hold.place" else "coverage"
    asked = getattr(town.index, question)

    async def slow(*args: Any) -> Any:  # noqa: ANN401 -- as the index has it
        begun.set()
        await answers.wait()
        return await asked(*args)

    monkeypatch.setattr(town.index, question, slow)
    task = asyncio.create_task(town.act("a.martin", act, **HELD))
    async with asyncio.timeout(60):
        await begun.wait()
        yield task, answers


async def hold_entries(town: World) -> list[people.Hold]:
    return [entry.body for entry in await town.keeper.all() if isinstance(entry.body, people.Hold)]


async def row_of(town: World, hold: str) -> tables.Hold:
    return await town.register.read(lambda session: session.get_one(tables.Hold, hold))


@BOTH
async def test_hold_is_in_the_ledger_while_the_index_still_looks(
    town: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async with looking(town, monkeypatch, act) as (task, answers):
        (first,) = await hold_entries(town)
        assert (first.cameras, first.provisional, first.room) == (("cam-1",), False, None)
        assert (await row_of(town, first.hold)).asked_by == "OPJ Durand"
        answers.set()
        made = await task
    _, second = await hold_entries(town)
    assert made["hold"] == second.hold == first.hold
    assert (second.provisional, second.until_utc_us) == (True, NOW_UTC_US + 96 * HOUR_US)
    assert first.until_utc_us is not None
    assert first.until_utc_us > NOW_UTC_US + 96 * HOUR_US


@BOTH
async def test_access_that_ends_while_the_index_looks_leaves_a_hold_like_any_other(
    town: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async with looking(town, monkeypatch, act) as (task, _):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (first,) = await hold_entries(town)
    row = await row_of(town, first.hold)
    assert (row.ended, row.provisional, row.requisition, row.until_utc_us) == (False, False, None, first.until_utc_us)


@BOTH
async def test_hold_that_a_validator_ends_while_the_index_looks_is_not_brought_back(
    town: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async with looking(town, monkeypatch, act) as (task, answers):
        (first,) = await hold_entries(town)
        await town.act("b.petit", "hold.end", hold=first.hold, reason="erreur")
        answers.set()
        with pytest.raises(InvalidValue) as refusal:
            await task
    assert refusal.value.field == "hold"
    assert await hold_entries(town) == [first]
    assert (await row_of(town, first.hold)).ended


async def test_96_hours_of_a_large_hold_begin_when_it_was_placed(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with looking(town, monkeypatch, "hold.place") as (task, answers):
        town.clock.advance(HOUR_US)
        answers.set()
        made = await task
    assert (made["provisional"], made["until_utc_us"]) == (True, NOW_UTC_US + 96 * HOUR_US)


async def test_keeper_that_goes_away_after_the_first_entry_leaves_the_hold_and_takes_the_second_when_it_is_back(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with looking(town, monkeypatch, "hold.place") as (task, answers):
        town.keeper.answers = False
        answers.set()
        with pytest.raises(Retryable):
            await task
    town.keeper.answers = True
    (first,) = await hold_entries(town)
    await town.act("root", "point.add", point="p13", number="13")
    assert [(each.hold, each.provisional) for each in await hold_entries(town)] == [
        (first.hold, False),
        (first.hold, True),
    ]


async def test_person_whose_account_ends_while_the_index_looks_has_placed_a_hold_and_no_requisition(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"ends_utc_us": NOW_UTC_US + HOUR_US, "roles": ["officer"], "person": "A. Court"}
    await town.act("root", "account.add", account="h.court", password=PASSWORD, **ends)
    asked = town.index.coverage

    async def slow(*args: Any) -> Any:  # noqa: ANN401 -- as the index has it
        town.clock.advance(2 * HOUR_US)
        return await asked(*args)

    monkeypatch.setattr(town.index, "coverage", slow)
    with pytest.raises(Denied, match="account-ended"):
        await town.act("h.court", "requisition.new", **HELD)
    (first,) = await hold_entries(town)
    assert not (await row_of(town, first.hold)).ended
    assert "requisition" not in await town.keeper.types()


async def test_changed_hold_says_what_it_said_but_for_the_change(town: World) -> None:
    made = await town.act("a.martin", "requisition.new", **HELD, basis="60-1 CPP")
    row = await row_of(town, made["hold"])
    told = changed_hold(row, until_utc_us=None).model_dump()
    assert {key: told[key] for key in ("hold", "requisition", "cameras", "from_utc_us", "to_utc_us", "basis")} == {
        "hold": made["hold"],
        "requisition": made["requisition"],
        "cameras": ("cam-1",),
        "from_utc_us": HELD["from_utc_us"],
        "to_utc_us": HELD["to_utc_us"],
        "basis": "60-1 CPP",
    }
    assert (told["until_utc_us"], told["provisional"], told["room"]) == (None, False, None)
