"""One file out with several grants, one back: each grant is asked of policy, answered and refused on its own."""

import asyncio
import json
from typing import Any

import pytest

from access.grants import sittings
from access.grants.parts import GrantPartUnknown
from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from nvr.base.jcs import Json, canonical
from storage.records import RandomAccess
from storage.vault.sitting import MOST_BYTES
from tests.access.opened import Opened
from tests.access.world import DAY_US
from tests.storage.sealed import custodians


async def two(opened: Opened) -> tuple[str, str]:
    """Two grants that wait for their custodians."""
    first = (await opened.validate(await opened.ask(first=0, last=3)))["grant"]
    return first, (await opened.validate(await opened.ask(first=3, last=6)))["grant"]


def states(taken: dict[str, Any]) -> dict[str, str]:
    return {one["grant"]: one.get("state") or one["fields"].get("rule") or one["refused"] for one in taken["answers"]}


async def types(opened: Opened) -> list[str]:
    return await opened.world.keeper.types()


async def test_all_grants_that_wait_go_out_in_one_file_and_open_with_one_file_from_each(opened: Opened) -> None:
    grants = await two(opened)
    staged = await opened.world.act("a.martin", "sitting.file")
    assert {one["grant"] for one in staged["grants"]} == set(grants)
    assert staged["left_out"] == []
    taken = await opened.sit(opened.tools[0])
    assert states(taken) == dict.fromkeys(grants, "collecting")
    taken = await opened.sit(opened.tools[2])
    assert (states(taken), taken["refused"]) == (dict.fromkeys(grants, "open"), 0)
    for grant in grants:
        assert await opened.everything(await opened.open(grant))
    with pytest.raises(sittings.SittingEmpty):
        await opened.world.act("a.martin", "sitting.file")


async def test_collection_of_a_sitting_survives_a_restart_and_takes_answers_in_any_order(opened: Opened) -> None:
    grants = await two(opened)
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    third = opened.tools[2].sit(file, opened.world.clock.utc_us())
    first = opened.tools[0].sit(file, opened.world.clock.utc_us())
    await opened.hand_in(third)
    await opened.restart()
    await opened.hand_in(first)
    await opened.hand_in(third)  # the same again
    await opened.restart()
    assert states(await opened.sit(opened.tools[1])) == dict.fromkeys(grants, "open")
    assert (await types(opened)).count("open") == 2


async def test_footage_of_two_custodian_sets_goes_out_in_one_sitting_and_opens_set_by_set(opened: Opened) -> None:
    old = opened.tools
    await opened.publish(custodians(number=2))
    await opened.record(3)
    number = await opened.ask(first=0, last=12)
    made = await opened.validate(number)
    grant = made["grant"]
    assert (made["state"], len(made["segs"])) == ("released", 4)
    with pytest.raises(Exception, match="several-sets"):
        await opened.file(grant)
    taken = [await opened.sit(tool) for tool in old[:2]][-1]
    assert states(taken) == {grant: "open"}
    release = await opened.open(grant)
    assert len(await opened.everything(release)) == 3 * 3 * 4
    assert release.unreadable == {opened.starts[3].segment: "keys are missing"}
    taken = [await opened.sit(tool) for tool in opened.tools[1:]][-1]  # it still waits for these
    assert states(taken) == {grant: "open"}
    release = await opened.open(grant)
    assert len(await opened.everything(release)) == 4 * 3 * 4
    assert not release.unreadable
    bodies = [entry.body.model_dump() for entry in await opened.world.keeper.all() if entry.t == "open"]
    assert [(body["segs"], len(body["used"])) for body in bodies] == [(3, 2), (4, 4)]
    releases = [entry.body.model_dump() for entry in await opened.world.keeper.all() if entry.t == "release"]
    assert [len(body["segs"]) for body in releases] == [3, 1]


async def test_death_between_the_keys_of_a_second_set_and_their_entry_is_made_good(opened: Opened) -> None:
    old = opened.tools
    await opened.publish(custodians(number=2))
    await opened.record(3)
    await opened.validate(await opened.ask(first=0, last=12))
    for tool in (*old[:2], opened.tools[0]):
        await opened.sit(tool)
    keeper, append = opened.world.keeper, opened.world.keeper.append

    async def away(entries: object) -> list[object]:
        raise Retryable("peer-unreachable")

    keeper.append = away  # type: ignore[assignment,method-assign]
    taken = await opened.sit(opened.tools[1])
    assert [one["refused"] for one in taken["answers"]] == ["peer-unreachable"]
    keeper.append = append  # type: ignore[method-assign]
    await opened.restart()
    await opened.grants.housekeep()
    assert (await types(opened)).count("open") == 2
    await opened.grants.housekeep()
    assert (await types(opened)).count("open") == 2


async def test_group_of_pictures_that_crosses_into_another_set_asks_no_custodian_for_what_is_not_his(
    opened: Opened,
) -> None:
    none = RandomAccess.NONE
    await opened.publish(custodians(number=2))
    await opened.record(3, kinds=(none, none, RandomAccess.IDR), continues=opened.starts[2])
    grant = (await opened.validate(await opened.ask(first=10, last=12)))["grant"]
    body = json.loads(await opened.fetch(await opened.world.act("a.martin", "sitting.file")))
    assert [item["set"] for item in body["files"]] == [custodians(number=2).set.hash.hex()]
    taken = [await opened.sit(tool) for tool in opened.tools[:2]][-1]
    assert states(taken) == {grant: "open"}
    release = await opened.open(grant)
    await opened.everything(release)
    assert release.unreadable == {opened.starts[2].segment: "keys are missing"}


async def test_answer_of_another_grant_and_a_bent_one_are_refused_by_name_and_the_others_are_taken(
    opened: Opened,
) -> None:
    grants = await two(opened)
    third = (await opened.validate(await opened.ask(first=6, last=9)))["grant"]
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    body = json.loads(opened.tools[0].sit(file, opened.world.clock.utc_us()))
    by_grant = {item["grant"]: item for item in body["answers"]}
    by_grant[grants[0]]["answer"] = by_grant[third]["answer"]
    by_grant[grants[1]]["answer"] = {"v": 1}
    taken = await opened.hand_in(canonical(body))
    assert states(taken) == {grants[0]: "invalid-value", grants[1]: "invalid-value", third: "collecting"}
    assert taken["refused"] == 2
    assert opened.kept(grants[0]) == opened.kept(grants[1]) == ["release.key"]


async def test_answers_swapped_between_two_seats_are_refused(opened: Opened) -> None:
    await two(opened)
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    now = opened.world.clock.utc_us()
    first, second = (json.loads(tool.sit(file, now)) for tool in opened.tools[:2])
    for mine, other in zip(first["answers"], second["answers"], strict=True):
        mine["answer"]["seat"] = other["answer"]["seat"]
    taken = await opened.hand_in(canonical(first))
    assert (taken["refused"], set(states(taken).values())) == (2, {"invalid-value"})


async def test_answer_to_a_sitting_from_before_a_reopening_is_refused(opened: Opened) -> None:
    first, second = await two(opened)
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    old = opened.tools[0].sit(file, opened.world.clock.utc_us())
    opened.world.clock.advance(15 * DAY_US)
    await opened.world.act("b.petit", "grant.reopen", grant=first, checked="prolongée")
    assert states(await opened.hand_in(old)) == {first: "invalid-value", second: "grant-over"}


async def test_grant_that_ends_is_refused_by_its_rule_in_the_ledger_and_the_others_go_on(opened: Opened) -> None:
    first, second = await two(opened)
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    given = opened.tools[0].sit(file, opened.world.clock.utc_us())
    await opened.world.act("b.petit", "grant.revoke", grant=first, reason="retirée")
    assert states(await opened.hand_in(given)) == {first: "grant-revoked", second: "collecting"}
    assert await opened.world.denials() == [("b.petit", "grant.answer", "grant-revoked")]
    staged = await opened.world.act("a.martin", "sitting.file")
    assert [one["grant"] for one in staged["grants"]] == [second]
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.world.act("a.martin", "sitting.file", grants=[first, second])


async def test_file_of_a_sitting_goes_with_the_first_of_its_grants_that_ends(opened: Opened) -> None:
    first, _ = await two(opened)
    staged = await opened.world.act("a.martin", "sitting.file")
    await opened.world.act("b.petit", "grant.revoke", grant=first, reason="retirée")
    with pytest.raises(GrantPartUnknown):
        await opened.grants.read_part({"token": staged["token"], "offset": 0})
    assert not await asyncio.to_thread(opened.store.staged, ".part")


async def test_grant_that_can_not_go_out_is_left_out_with_why(opened: Opened) -> None:
    first, second = await two(opened)
    third = (await opened.validate(await opened.ask(first=6, last=9)))["grant"]
    await asyncio.to_thread(opened.recorder.path_of(opened.starts[1]).unlink)
    staged = await opened.world.act("a.martin", "sitting.file")
    assert {one["grant"] for one in staged["grants"]} == {first, third}
    assert staged["left_out"] == [{"grant": second, "why": "nothing-to-release"}]


async def test_sitting_has_room_for_so_many_and_the_others_wait_for_the_next(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await two(opened)
    monkeypatch.setattr(sittings, "MOST_FILES", 1)
    staged = await opened.world.act("a.martin", "sitting.file")
    assert [one["grant"] for one in staged["grants"]] == [first]
    assert staged["left_out"] == [{"grant": second, "why": "sitting-full"}]
    monkeypatch.setattr(sittings, "MOST_FILES", 64)
    monkeypatch.setattr(sittings, "MOST_BYTES", staged["size"] + 500)
    staged = await opened.world.act("a.martin", "sitting.file")
    assert staged["left_out"] == [{"grant": second, "why": "sitting-full"}]


async def test_a_thousand_grants_in_one_sitting_are_refused_by_their_field(opened: Opened) -> None:
    grant, _ = await two(opened)
    with pytest.raises(InvalidValue) as refusal:
        await opened.world.act("a.martin", "sitting.file", grants=[f"{number:032x}" for number in range(1000)])
    assert refusal.value.field == "grants"
    answers: Json = [{"grant": grant, "set": "00" * 32, "answer": {}} for _ in range(1000)]
    with pytest.raises(InvalidValue) as refusal:
        await opened.hand_in(canonical({"v": 1, "t": "scelle-sitting-answer", "answers": answers}))
    assert refusal.value.field == "answers"
    with pytest.raises(InvalidValue) as refusal:
        await opened.world.act("a.martin", "sitting.upload", size=MOST_BYTES + 1)
    assert refusal.value.field == "size"


async def test_answer_under_a_set_that_the_grant_does_not_have_is_refused_by_its_field(opened: Opened) -> None:
    grant, _ = await two(opened)
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    body = json.loads(opened.tools[0].sit(file, opened.world.clock.utc_us()))
    for item in body["answers"]:
        item["set"] = "00" * 32
    taken = await opened.hand_in(canonical(body))
    assert [one["fields"]["field"] for one in taken["answers"]] == ["set", "set"]
    body["answers"][0]["grant"] = grant[:-1] + ("0" if grant[-1] != "0" else "1")
    taken = await opened.hand_in(canonical(body))
    assert "grant" in [one["fields"]["field"] for one in taken["answers"]]


async def test_two_officers_who_bring_answers_at_once_open_each_grant_once(opened: Opened) -> None:
    grants = await two(opened)
    await opened.sit(opened.tools[0])
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    now = opened.world.clock.utc_us()
    second, third = (tool.sit(file, now) for tool in opened.tools[1:])
    taken = await asyncio.gather(opened.hand_in(second, "b.petit"), opened.hand_in(third, "a.martin"))
    for one in taken:
        assert states(one) == dict.fromkeys(grants, "open")
    assert (await types(opened)).count("open") == 2


async def test_token_of_another_person_brings_nothing(opened: Opened) -> None:
    await two(opened)
    token = (await opened.world.act("b.petit", "sitting.upload", size=3))["token"]
    with pytest.raises(GrantPartUnknown):
        await opened.world.act("a.martin", "sitting.answer", token=token)


@pytest.mark.parametrize("account", ["root", "f.audit", "g.fix"])
@pytest.mark.parametrize("act", ["sitting.file", "sitting.upload", "sitting.answer"])
async def test_sittings_are_for_officers_and_validators(opened: Opened, account: str, act: str) -> None:
    wanted: dict[str, dict[str, object]] = {"sitting.upload": {"size": 1}, "sitting.answer": {"token": "x"}}
    args = wanted.get(act, {})
    with pytest.raises(Denied, match="role-missing"):
        await opened.world.act(account, act, **args)
    assert await opened.world.denials() == [(account, act, "role-missing")]


@pytest.mark.parametrize("call", ["proof", "consistency", "entry"])
async def test_ledger_that_is_away_while_the_file_is_made_leaves_nothing_half(
    opened: Opened, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants = await two(opened)
    await opened.sit(opened.tools[0])
    await opened.ask(first=6, last=9)  # the ledger grows: there is a consistency to prove

    async def away(*_: object) -> None:
        raise Retryable("peer-unreachable")

    with monkeypatch.context() as patched:
        patched.setattr(opened.world.keeper, call, away)
        with pytest.raises(Retryable):
            await opened.world.act("a.martin", "sitting.file")
    assert states(await opened.sit(opened.tools[1])) == dict.fromkeys(grants, "open")


async def test_ledger_that_is_away_when_answers_come_is_told_for_each_and_the_same_file_goes_on(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants = await two(opened)
    await opened.sit(opened.tools[0])
    file = await opened.fetch(await opened.world.act("a.martin", "sitting.file"))
    given = opened.tools[1].sit(file, opened.world.clock.utc_us())
    append, calls = opened.world.keeper.append, 0

    async def away_at_first(entries: Any) -> Any:  # noqa: ANN401 -- as the port has it
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Retryable("peer-unreachable")
        return await append(entries)

    monkeypatch.setattr(opened.world.keeper, "append", away_at_first)
    taken = await opened.hand_in(given)
    assert sorted(states(taken).values()) == ["open", "peer-unreachable"]
    assert states(await opened.hand_in(given)) == dict.fromkeys(grants, "open")
    assert (await types(opened)).count("open") == 2
