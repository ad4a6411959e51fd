"""Refusals about footage reach the ledger, whatever becomes of the keeper meanwhile."""

import asyncio
from typing import Any

import pytest

from access.people.passwords import WrongPassword
from access.policy import Denied
from tests.access.test_service import ASKED
from tests.access.world import World


async def test_refusal_while_the_keeper_is_away_survives_and_reaches_the_ledger_once(town: World) -> None:
    town.keeper.answers = False
    with pytest.raises(Denied):
        await town.act("root", "requisition.new", **ASKED)
    town.clock.advance(1000)
    with pytest.raises(WrongPassword):
        await town.service.act("a.martin", "wrong", "requisition.list", {})
    await town.service.housekeep()
    town.keeper.answers = True
    assert await town.denials() == []
    await town.register.close()
    await town.reopen()
    for _ in range(2):
        await town.service.housekeep()
    assert await town.denials() == [
        ("root", "requisition.new", "role-missing"),
        ("access", "requisition.list", "password"),
    ]


async def test_refusal_that_no_ledger_takes_is_told_and_holds_up_no_other(
    town: World, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Denied):
        await town.act("root", "requisition.new", **ASKED)
    await asyncio.to_thread((town.directory / "refusals" / "0.json").write_text, "{")
    with pytest.raises(Denied):
        await town.act("root", "requisition.list")
    assert [what for _, what, _ in await town.denials()] == ["requisition.new", "requisition.list"]
    assert "0.json" in caplog.text
    assert await asyncio.to_thread((town.directory / "refusals" / "0.bad").exists)


async def test_who_is_refused_does_not_wait_for_a_keeper_that_is_silent(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaks = asyncio.Event()
    append = town.keeper.append

    async def late(entries: Any) -> Any:  # noqa: ANN401 -- as the port has it
        await speaks.wait()
        return await append(entries)

    monkeypatch.setattr(town.keeper, "append", late)
    first = asyncio.create_task(town.act("root", "requisition.new", **ASKED))
    while not (await asyncio.to_thread(lambda: list((town.directory / "refusals").glob("*.json")))):  # noqa: ASYNC110 -- a file tells nobody
        await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(Denied):
            await asyncio.wait_for(town.act("root", "requisition.list"), 5)
    speaks.set()
    with pytest.raises(Denied):
        await first
    assert [what for _, what, _ in await town.denials()] == ["requisition.new", *["requisition.list"] * 2]
