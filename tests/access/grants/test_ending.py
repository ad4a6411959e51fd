"""What ends for good, what begins again, and what each of them leaves when it is cut off."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from access.grants.facts import facts_of
from access.policy import Denied
from access.reading import grant_row
from nvr.base.errors import InvalidValue, Refused, Retryable
from nvr.base.ids import GrantId
from storage.ledger import people
from tests.access.opened import Opened
from tests.access.world import DAY_US
from tests.storage.register.keeper import Died


async def revoke(opened: Opened, grant: str, account: str = "b.petit") -> dict[str, object]:
    made: dict[str, object] = await opened.world.act(account, "grant.revoke", grant=grant, reason="retirée")
    return made


async def reopen(opened: Opened, grant: str, account: str = "b.petit", **args: object) -> dict[str, object]:
    said = {"checked": "le juge a prolongé", **args}
    made: dict[str, object] = await opened.world.act(account, "grant.reopen", grant=grant, **said)
    return made


async def over(opened: Opened, *, wiped: bool = True) -> str:
    """A grant that was opened and is over."""
    grant = await opened.grant()
    opened.world.clock.advance(15 * DAY_US)
    if wiped:
        await opened.grants.housekeep()
    return grant


async def test_revoked_grant_is_wiped_at_once_and_every_use_is_refused_by_its_rule(opened: Opened) -> None:
    grant = await opened.grant()
    given = opened.tools[1].answer(await opened.file(grant), opened.world.clock.utc_us())
    made = await revoke(opened, grant)
    assert (made["revoked_by"], made["revocation"]) == ("b.petit", "retirée")
    assert opened.kept(grant) == []
    assert not await asyncio.to_thread(opened.store.staged, ".part")
    shown = await opened.world.act("f.audit", "requisition.show", requisition=made["requisition"])
    assert shown["state"] == "revoked"
    world = opened.world
    for act, args in (("grant.file", {}), ("grant.upload", {"size": 1}), ("grant.answer", {"answer": given})):
        with pytest.raises(Denied, match="grant-revoked"):
            await world.act("a.martin", act, grant=grant, **args)
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.open(grant)
    with pytest.raises(Denied, match="grant-revoked"):
        await revoke(opened, grant)
    assert {rule for _, _, rule in await world.denials()} == {"grant-revoked"}


async def test_reason_of_a_revocation_is_in_the_ledger_as_a_commitment_only(opened: Opened) -> None:
    grant = await opened.grant()
    await revoke(opened, grant, "a.martin")
    entry = (await opened.world.keeper.all())[-1]
    assert (entry.t, entry.actor.id, entry.actor.role) == ("revoke", "a.martin", "officer")
    assert "retirée".encode() not in (await opened.world.keeper.service.entries(0, 1000))[-1][1]


async def test_grant_is_given_up_by_its_opener_and_by_no_other_officer(opened: Opened) -> None:
    grant = await opened.grant()
    with pytest.raises(Denied, match="not-opener"):
        await revoke(opened, grant, "e.seat")
    with pytest.raises(Denied, match="role-missing"):
        await revoke(opened, grant, "root")
    await revoke(opened, grant, "a.martin")


async def test_ledger_that_is_away_leaves_the_grant_as_it_was(opened: Opened) -> None:
    grant = await opened.grant()
    kept = opened.kept(grant)
    opened.world.keeper.answers = False
    with pytest.raises(Retryable):
        await revoke(opened, grant)
    opened.world.keeper.answers = True
    assert opened.kept(grant) == kept
    assert await opened.everything(await opened.open(grant))


async def test_crash_between_the_revocation_and_the_wiping_is_made_good_by_housekeeping(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await opened.grant()

    def die(_: GrantId) -> bool:
        raise Died

    monkeypatch.setattr(opened.store, "wipe", die)
    with pytest.raises(Died):
        await revoke(opened, grant)
    await opened.restart()
    assert opened.kept(grant)
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.file(grant)
    await opened.grants.housekeep()
    assert opened.kept(grant) == []


async def test_revocation_that_arrives_while_the_quorum_completes_leaves_nothing_open(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    given = opened.tools[1].answer(await opened.file(grant), opened.world.clock.utc_us())
    keep, append, revoking = opened.store.keep_answer, opened.world.keeper.append, []
    loop, revoked = asyncio.get_running_loop(), asyncio.Event()

    async def appended(entries: Any) -> Any:  # noqa: ANN401 -- as the port has it
        stored = await append(entries)
        if any(entry["t"] == "revoke" for entry in entries):
            revoked.set()
        return stored

    opened.world.keeper.append = appended  # type: ignore[method-assign]

    def kept_as_the_revocation_comes(*args: object) -> None:
        keep(*args)  # type: ignore[arg-type]
        entered = asyncio.run_coroutine_threadsafe(until_entered(), loop)
        entered.result(10)

    async def until_entered() -> None:
        revoking.append(asyncio.create_task(revoke(opened, grant)))
        await revoked.wait()

    opened.store.keep_answer = kept_as_the_revocation_comes  # type: ignore[assignment,method-assign]
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=given)
    await asyncio.gather(*revoking)
    assert opened.kept(grant) == []
    assert "open" not in await opened.world.keeper.types()


@pytest.mark.parametrize("act", ["grant.file", "sitting.file"])
async def test_revocation_that_arrives_while_a_file_is_made_leaves_none(opened: Opened, act: str) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    make = opened.grants.files.make

    async def made_as_the_revocation_comes(*args: Any) -> Any:  # noqa: ANN401 -- as it has them
        file = await make(*args)
        await revoke(opened, grant)
        return file

    opened.grants.files.make = made_as_the_revocation_comes  # type: ignore[assignment,method-assign]
    args: dict[str, object] = {"grant": grant} if act == "grant.file" else {"grants": [grant]}
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.world.act("a.martin", act, **args)
    assert not await asyncio.to_thread(opened.store.staged, ".part")


async def test_revocation_that_arrives_before_the_release_keeps_it_out_of_the_ledger(opened: Opened) -> None:
    number, rotate = await opened.ask(), opened.world.keeper.rotate

    async def revoked_meanwhile(cameras: Any) -> Any:  # noqa: ANN401 -- as the port has it
        shown = await opened.world.act("b.petit", "requisition.show", requisition=number)
        await revoke(opened, shown["grant"]["grant"])
        return await rotate(cameras)

    opened.world.keeper.rotate = revoked_meanwhile  # type: ignore[method-assign]
    made = await opened.validate(number)
    assert made["release_waits"] == "grant-revoked"
    assert "release" not in await opened.world.keeper.types()


async def test_revocation_that_arrives_while_a_release_is_opened_is_told_by_its_rule(opened: Opened) -> None:
    grant, segment = await opened.grant(), opened.world.index.segment
    revoked = False

    async def revoked_meanwhile(name: Any) -> Any:  # noqa: ANN401 -- as the port has it
        nonlocal revoked
        if not revoked:
            revoked = True
            await revoke(opened, grant)
        return await segment(name)

    opened.world.index.segment = revoked_meanwhile  # type: ignore[assignment,method-assign]
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.open(grant)


async def test_grant_that_is_over_is_reopened_by_another_person_and_collected_anew(opened: Opened) -> None:
    grant = await over(opened)
    with pytest.raises(Denied, match="grant-over"):
        await opened.file(grant)
    made = await reopen(opened, grant, valid_days=90)
    assert (made["state"], made["collected_anew"], made["release_waits"]) == ("released", True, None)
    assert made["valid_until_utc_us"] == opened.world.clock.utc_us() + 90 * DAY_US
    with pytest.raises(Denied, match="not-open"):
        await opened.open(grant)
    await opened.answer(grant, 2)
    assert (await opened.answer(grant, 3))["state"] == "open"
    assert len(await opened.everything(await opened.open(grant))) == 3 * 3 * 4
    bodies = [entry.body for entry in await opened.world.keeper.all() if isinstance(entry.body, people.Grant)]
    first, second = bodies
    facts = await opened.world.register.read(lambda session: facts_of(session, grant_row(session, grant)))
    assert second.reopens is not None
    assert second.reopens < facts.grant_index < min(facts.release_indices)  # as a bundle proves them
    assert second.release_public != first.release_public
    renewed = {"valid_until_utc_us", "release_public", "checked", "reopens"}
    assert second.model_dump(exclude=renewed) == first.model_dump(exclude=renewed)


async def test_answers_from_before_the_reopening_are_refused(opened: Opened) -> None:
    grant = await opened.grant()
    old = opened.tools[1].answer(await opened.file(grant), opened.world.clock.utc_us())
    opened.world.clock.advance(15 * DAY_US)
    await reopen(opened, grant)
    with pytest.raises(InvalidValue, match="another grant"):
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=old)
    assert opened.kept(grant) == ["release.key"]


@pytest.mark.parametrize("days", [0, 91, "15"])
async def test_reopening_is_for_90_days_at_most(opened: Opened, days: object) -> None:
    grant = await over(opened)
    with pytest.raises(InvalidValue) as refusal:
        await reopen(opened, grant, valid_days=days)
    assert refusal.value.field == "valid_days"


async def test_grant_that_is_valid_is_not_reopened_and_keeps_its_key(opened: Opened) -> None:
    grant = await opened.grant()
    with pytest.raises(Denied, match="grant-valid"):
        await reopen(opened, grant)
    assert await opened.everything(await opened.open(grant))


async def test_valid_grant_whose_key_a_restore_lost_is_reopened(opened: Opened) -> None:
    grant = await opened.grant()
    await asyncio.to_thread(opened.store.wipe, GrantId(grant))
    assert (await reopen(opened, grant))["state"] == "released"


@pytest.mark.parametrize(("account", "rule"), [("a.martin", "role-missing"), ("c.both", "same-person")])
async def test_whoever_asked_does_not_reopen(opened: Opened, account: str, rule: str) -> None:
    asks = opened.world.act

    async def as_both(name: str, act: str, /, **args: object) -> object:
        return await asks("c.both" if act == "requisition.new" else name, act, **args)

    opened.world.act = as_both  # type: ignore[method-assign]
    grant = (await opened.validate(await opened.ask()))["grant"]
    opened.world.clock.advance(15 * DAY_US)
    with pytest.raises(Denied, match=rule):
        await reopen(opened, grant, account)


async def test_what_was_revoked_or_closed_is_never_reopened(opened: Opened) -> None:
    first, second = await opened.grant(), await opened.grant(first=3, last=6)
    await revoke(opened, first)
    await opened.world.act("b.petit", "requisition.close", requisition="R-2026-000002", reason="remis")
    opened.world.clock.advance(15 * DAY_US)
    for grant, rule in ((first, "grant-revoked"), (second, "already-closed")):
        with pytest.raises(Denied, match=rule):
            await reopen(opened, grant)


async def test_reopened_grant_can_be_revoked_and_reopened_again_once_it_is_over(opened: Opened) -> None:
    grant = await over(opened)
    await reopen(opened, grant)
    opened.world.clock.advance(15 * DAY_US)
    assert (await reopen(opened, grant))["state"] == "released"
    await revoke(opened, grant)
    with pytest.raises(Denied, match="grant-revoked"):
        await opened.file(grant)


def before_the_entry(opened: Opened) -> None:
    async def die(entries: object) -> list[object]:
        raise Died

    opened.world.keeper.append = die  # type: ignore[assignment,method-assign]


def after_the_entry(opened: Opened) -> None:
    append = opened.world.keeper.append

    async def die(entries: object) -> list[object]:
        await append(entries)  # type: ignore[arg-type]
        raise Died

    opened.world.keeper.append = die  # type: ignore[assignment,method-assign]


@pytest.mark.parametrize("crash", [before_the_entry, after_the_entry])
@pytest.mark.parametrize("wiped", [True, False])
async def test_crash_while_a_grant_is_reopened_leaves_it_over_or_reopened_with_its_key(
    opened: Opened, crash: Callable[[Opened], None], wiped: bool
) -> None:
    grant = await over(opened, wiped=wiped)
    append = opened.world.keeper.append
    crash(opened)
    with pytest.raises(Died):
        await reopen(opened, grant)
    opened.world.keeper.append = append  # type: ignore[method-assign]
    await opened.restart()
    await opened.grants.housekeep()
    if crash is before_the_entry:
        assert opened.kept(grant) == []
        with pytest.raises(Denied, match="grant-over"):
            await opened.file(grant)
        await reopen(opened, grant)
    await opened.answer(grant, 1)
    assert (await opened.answer(grant, 3))["state"] == "open"


async def test_reopening_whose_answer_was_lost_and_whose_key_housekeeping_took_can_be_done_again(
    opened: Opened,
) -> None:
    grant = await over(opened)
    append = opened.world.keeper.append

    async def lose_the_answer(entries: object) -> list[object]:
        await append(entries)  # type: ignore[arg-type]
        raise Retryable("peer-silent")

    opened.world.keeper.append = lose_the_answer  # type: ignore[assignment,method-assign]
    with pytest.raises(Retryable):
        await reopen(opened, grant)
    await opened.grants.housekeep()  # for all it knows, the grant is over
    opened.world.keeper.append = append  # type: ignore[method-assign]
    assert (await reopen(opened, grant))["state"] == "released"
    await opened.answer(grant, 1)
    assert (await opened.answer(grant, 3))["state"] == "open"


async def test_reopening_whose_answer_was_lost_is_not_done_twice_while_its_key_is_there(opened: Opened) -> None:
    grant = await over(opened)
    append = opened.world.keeper.append

    async def lose_the_answer(entries: object) -> list[object]:
        await append(entries)  # type: ignore[arg-type]
        raise Retryable("peer-silent")

    opened.world.keeper.append = lose_the_answer  # type: ignore[assignment,method-assign]
    with pytest.raises(Retryable):
        await reopen(opened, grant)
    opened.world.keeper.append = append  # type: ignore[method-assign]
    with pytest.raises(Denied, match="grant-valid"):
        await reopen(opened, grant)
    await opened.answer(grant, 1)
    assert (await opened.answer(grant, 3))["state"] == "open"


async def test_key_of_a_reopening_that_the_ledger_refuses_is_wiped(opened: Opened) -> None:
    grant = await over(opened)

    async def refuse(entries: object) -> list[object]:
        raise Refused("ledger-broken")

    opened.world.keeper.append = refuse  # type: ignore[assignment,method-assign]
    with pytest.raises(Refused, match="ledger-broken"):
        await reopen(opened, grant)
    assert opened.kept(grant) == []
