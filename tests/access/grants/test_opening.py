import asyncio
from dataclasses import replace

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from nvr.base.jcs import canonical
from storage.vault.answer import parse_answer
from tests.access.opened import Opened
from tests.storage.register.keeper import Died
from tests.storage.sealed import custodians


async def test_two_of_three_seats_open_and_one_does_not(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    first = await opened.answer(grant, 2)
    assert (first["state"], first["seats"], first["seats_missing"]) == ("collecting", [2], 1)
    second = await opened.answer(grant, 3)
    assert (second["state"], second["seats"], second["records_missing"]) == ("open", [2, 3], {})
    body = (await opened.world.keeper.all())[-1].body.model_dump()
    set_hash = custodians().set.hash.hex()
    used = tuple({"set": set_hash, "seat": seat, "key": "holder"} for seat in (2, 3))
    assert body == {"grant": grant, "seats": (2, 3), "segs": 3, "records": 12, "by": "b.petit", "used": used}


async def test_collection_survives_a_restart(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    await opened.restart()
    assert (await opened.answer(grant, 2))["state"] == "open"
    await opened.restart()
    assert await opened.everything(await opened.open(grant))


async def test_death_between_the_keys_and_their_entry_is_made_good_at_the_next_start(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    keeper = opened.world.keeper
    append = keeper.append

    async def die(entries: object) -> list[object]:
        raise Died

    keeper.append = die  # type: ignore[assignment,method-assign]
    with pytest.raises(Died):
        await opened.answer(grant, 2)
    keeper.append = append  # type: ignore[method-assign]
    await opened.restart()
    with pytest.raises(Denied, match="not-open"):
        await opened.open(grant)
    await opened.grants.housekeep()
    assert await opened.everything(await opened.open(grant))
    await opened.grants.housekeep()
    assert (await keeper.types()).count("open") == 1
    assert (await keeper.all())[-1].body.model_dump()["by"] is None  # nobody knows any more


async def test_answer_that_is_none_is_refused_and_not_kept(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask(first=0, last=3)))["grant"]
    other = (await opened.validate(await opened.ask(first=3, last=6)))["grant"]
    good = opened.tools[0].answer(await opened.file(grant), opened.world.clock.utc_us())
    wrong = [
        None,
        {},
        {**good, "v": 2},
        {**good, "seat": 2},
        {**good, "kid": "00" * 16},
        {**good, "sig": None},
        {**good, "checkpoint": {**good["checkpoint"], "size": 1}},
        {**good, "kind": "keys"},
    ]
    for given in wrong:
        with pytest.raises(InvalidValue) as refusal:
            await opened.world.act("b.petit", "grant.answer", grant=grant, answer=given)
        assert refusal.value.field == "answer"
    with pytest.raises(InvalidValue, match="another grant"):
        await opened.world.act("b.petit", "grant.answer", grant=other, answer=good)
    assert opened.kept(grant) == opened.kept(other) == ["release.key"]


async def test_ledger_names_the_seats_that_opened_and_not_all_that_answered(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    file = await opened.file(grant)
    for tool in opened.tools[:2]:
        given = tool.answer(file, opened.world.clock.utc_us())
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=given)
    assert (await opened.answer(grant, 3))["seats"] == [1, 2, 3]
    body = next(entry.body for entry in await opened.world.keeper.all() if entry.t == "open").model_dump()
    assert body["seats"] == (1, 3)


async def test_shares_that_a_tool_finds_bad_are_dropped_with_their_seat_named(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    holder = custodians().holders[0]
    good = parse_answer(canonical(opened.tools[0].answer(await opened.file(grant), opened.world.clock.utc_us())))
    bad = replace(good, wrapped=tuple(replace(wrap, ciphertext=bytes(2000)) for wrap in good.wrapped))
    world = opened.world
    await world.act("b.petit", "grant.answer", grant=grant, answer=dict(bad.signed(holder.sign).as_json()))
    state = await opened.answer(grant, 2)
    assert (state["state"], state["seats"], state["seats_bad"]) == ("collecting", [2], [1])
    await world.act("b.petit", "grant.answer", grant=grant, answer=dict(good.as_json()))
    assert (await opened.answer(grant, 3))["state"] == "open"
    body = next(entry.body for entry in await world.keeper.all() if entry.t == "open").model_dump()
    assert body["seats"] == (1, 3)


async def test_segment_that_vanishes_after_the_release_does_not_block_the_others(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    path = opened.recorder.path_of(opened.starts[1])
    await asyncio.to_thread(path.unlink)
    await opened.answer(made["grant"], 1)
    state = await opened.answer(made["grant"], 2)
    assert (state["state"], state["unreadable"]) == ("open", {opened.starts[1].segment: "segment-unreadable"})
    release = await opened.open(made["grant"])
    assert len(await opened.everything(release)) == 2 * 3 * 4
    assert list(release.unreadable) == [opened.starts[1].segment]
