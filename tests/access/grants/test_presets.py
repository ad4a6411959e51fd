"""Who must agree: each preset with its seats, and which key of a seat answered."""

import asyncio
import json
from dataclasses import replace

import pytest

from access.grants.envelopes import envelopes_used
from access.policy import Denied
from config.model import Preset
from nvr.app.founding import QUORUMS
from nvr.base.errors import InvalidValue
from nvr.base.ids import GrantId
from nvr.base.jcs import canonical
from storage.vault.answer import parse_answer
from storage.vault.contexts import answer_keys
from storage.vault.keyrecord import Wrap
from storage.vault.seats import WitnessPolicy
from tests.access.opened import Opened, Tool
from tests.access.world import World
from tests.storage.sealed import Custodians, custodians


def people(preset: Preset, **more: object) -> Custodians:
    """The set that the preset founds."""
    quorum = QUORUMS[preset]
    return custodians(quorum.m, quorum.n, preset=preset.value, witness=quorum.witness, **more)


async def begun(world: World, made: Custodians) -> tuple[Opened, str]:
    opened = await Opened.begin(world, made)
    return opened, (await opened.validate(await opened.ask()))["grant"]


@pytest.mark.parametrize(("preset", "m", "n"), [(Preset.SIMPLE, 1, 3), (Preset.STANDARD, 2, 5)])
async def test_preset_opens_with_its_quorum_and_not_with_one_less(world: World, preset: Preset, m: int, n: int) -> None:
    opened, grant = await begun(world, people(preset))
    assert (opened.tools[0].people.set.m, len(opened.tools)) == (m, n)
    for seat in range(n, n - m, -1):
        with pytest.raises(Denied, match="not-open"):
            await opened.open(grant)
        await opened.answer(grant, seat)
    assert len(await opened.everything(await opened.open(grant))) == 3 * 3 * 4


async def test_three_of_five_open_where_no_witness_is_required(world: World) -> None:
    opened, grant = await begun(world, custodians(3, 5, preset="strict"))
    told = [(await opened.answer(grant, seat))["seats_missing"] for seat in (5, 1, 4)]
    assert told == [2, 1, 0]
    assert await opened.everything(await opened.open(grant))


async def test_strict_is_not_released_without_its_witness_and_nothing_goes_out(world: World) -> None:
    opened = await Opened.begin(world, people(Preset.STRICT))
    assert opened.tools[0].people.set.witness is WitnessPolicy.REQUIRED
    made = await opened.validate(await opened.ask())
    assert (made["state"], made["release_waits"]) == ("validated", "witness-required")
    with pytest.raises(Denied, match="witness-required"):
        await opened.file(made["grant"])
    with pytest.raises(Denied, match="witness-required"):
        await world.act("a.martin", "sitting.file", grants=[made["grant"]])
    assert "release" not in await world.keeper.types()
    assert ("a.martin", "grant.file", "witness-required") in await world.denials()


async def test_deputy_answers_in_place_of_the_holder_and_is_told_as_such(world: World) -> None:
    made = people(Preset.STANDARD, deputies=True)
    opened, grant = await begun(world, made)
    deputy = Tool(made.deputies[1], opened.tools[0].log_public, made)
    opened.tools[1] = deputy
    first = await opened.answer(grant, 2)
    assert (first["seat"], first["key"], first["seats"]) == (2, "deputy", [2])
    second = await opened.answer(grant, 4)
    assert (second["key"], second["state"]) == ("holder", "open")
    body = (await world.keeper.all())[-1].body.model_dump()
    assert [(used["seat"], used["key"]) for used in body["used"]] == [(2, "deputy"), (4, "holder")]


async def test_holder_and_deputy_of_one_seat_are_one_seat(world: World) -> None:
    made = people(Preset.STANDARD, deputies=True)
    opened, grant = await begun(world, made)
    await opened.answer(grant, 2)
    opened.tools[1] = Tool(made.deputies[1], opened.tools[0].log_public, made)
    both = await opened.answer(grant, 2)
    assert (both["state"], both["seats"], both["seats_missing"]) == ("collecting", [2], 1)
    assert (await opened.answer(grant, 5))["state"] == "open"


def envelope_of(opened: Opened, made: Custodians, seat: int) -> Tool:
    holder = replace(made.holders[seat - 1], pair=made.envelopes[seat - 1])
    return Tool(holder, opened.tools[0].log_public, made, is_envelope=True)


async def test_envelope_that_was_used_is_told_by_seat_also_once_the_grant_is_reopened(world: World) -> None:
    made = people(Preset.STANDARD, envelopes=True)
    opened, grant = await begun(world, made)
    opened.tools[2] = envelope_of(opened, made, 3)
    assert (await opened.answer(grant, 3))["key"] == "envelope"
    assert (await world.service.status())["envelopes_used"] == []  # it opened nothing yet
    await opened.answer(grant, 1)
    (told,) = await world.register.read(envelopes_used)
    assert (told["set"], told["seat"], told["requisition"]) == (made.set.hash.hex(), 3, "R-2026-000001")
    world.clock.advance(15 * 24 * 3600 * 1_000_000)
    await world.act("b.petit", "grant.reopen", grant=grant, checked="prolongée")
    assert [one["seat"] for one in await world.register.read(envelopes_used)] == [3]
    shown = await world.act("f.audit", "requisition.show", requisition="R-2026-000001")
    assert {(used["seat"], used["key"]) for used in shown["grant"]["used"]} == {(1, "holder"), (3, "envelope")}


async def test_seat_that_claims_the_key_of_another_under_the_wrap_is_refused(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    file = await opened.file(grant)
    tool = opened.tools[1]
    good = parse_answer(canonical(tool.answer(file, opened.world.clock.utc_us())))
    moved = replace(good, kid=custodians().holders[2].pair.public.kid).signed(tool.holder.sign)
    with pytest.raises(Exception, match="not a key of this seat"):
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=dict(moved.as_json()))
    assert len([name for name in opened.kept(grant) if name.endswith(".answer")]) == 1


async def test_key_that_is_none_of_the_seat_named_under_the_wrap_is_refused_and_not_kept(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    tool = opened.tools[1]
    good = parse_answer(canonical(tool.answer(await opened.file(grant), opened.world.clock.utc_us())))
    release = await asyncio.to_thread(opened.store.release_key, GrantId(grant))
    info = answer_keys(good.grant, good.seat, good.kid)
    body = json.loads(release.unwrap(good.wrapped[0].ciphertext, info))
    body["kids"]["1"] = custodians().holders[2].pair.public.kid
    forged = replace(good, wrapped=(Wrap(release.public.kid, release.public.wrap(canonical(body), info)),))
    with pytest.raises(InvalidValue, match="kids"):
        await opened.world.act(
            "b.petit", "grant.answer", grant=grant, answer=dict(forged.signed(tool.holder.sign).as_json())
        )
    assert len([name for name in opened.kept(grant) if name.endswith(".answer")]) == 1
