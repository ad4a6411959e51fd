import asyncio
import logging

import pytest

from access.grants.store import GrantWiped
from access.policy import Denied
from nvr.base.errors import InvalidValue
from nvr.base.ids import GrantId, uuid7
from nvr.base.units import UtcUs
from tests.access.opened import Opened
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US
from tests.storage.register.keeper import Died
from tests.storage.sealed import CAMERA


async def test_end_of_validity_wipes_key_and_answers(opened: Opened) -> None:
    grant = await opened.grant()
    assert len(opened.kept(grant)) == 3
    file = await opened.file(grant)
    await opened.grants.housekeep()
    assert len(opened.kept(grant)) == 3
    opened.world.clock.advance(15 * DAY_US)
    await opened.grants.housekeep()
    assert opened.kept(grant) == []
    with pytest.raises(Denied, match="grant-over"):
        await opened.file(grant)
    with pytest.raises(Denied, match="grant-over"):
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=file)
    with pytest.raises(GrantWiped):
        await asyncio.to_thread(opened.store.release_key, GrantId(grant))


async def test_release_names_who_caused_it(opened: Opened) -> None:
    await opened.validate(await opened.ask())
    entry = (await opened.world.keeper.all())[-1]
    assert (entry.t, entry.actor.id, entry.body.model_dump()["by"]) == ("release", "access", "b.petit")


async def test_clock_set_back_revives_no_grant(opened: Opened) -> None:
    grant, clock = await opened.grant(), opened.world.clock
    clock.advance(15 * DAY_US)
    await opened.ask(first=3, last=6)
    clock.step_utc(-10 * DAY_US)
    await opened.ask(first=6, last=9)  # the newest entry is not the latest
    with pytest.raises(Denied, match="grant-over"):
        await opened.file(grant)
    with pytest.raises(Denied, match="grant-over"):
        await opened.open(grant)
    await opened.grants.housekeep()
    assert opened.kept(grant) == []


async def test_closing_wipes_key_and_answers(opened: Opened) -> None:
    number = await opened.ask()
    grant = (await opened.validate(number))["grant"]
    await opened.world.act("b.petit", "requisition.close", requisition=number, reason="retirée")
    with pytest.raises(Denied, match="already-closed"):
        await opened.file(grant)
    await opened.grants.housekeep()
    assert opened.kept(grant) == []


async def test_key_of_a_grant_that_never_was_is_wiped_once_its_process_is_gone(opened: Opened) -> None:
    early = GrantId(uuid7(UtcUs(NOW_UTC_US - HOUR_US)))
    now = GrantId(uuid7(opened.world.clock.utc_us()))
    for grant in (early, now):
        await asyncio.to_thread(opened.store.new, grant)
    await opened.grants.housekeep()
    assert await asyncio.to_thread(opened.store.grants) == [now]  # it may be on its way to the ledger


@pytest.mark.parametrize("fault", ["footage", "answer", "set", "release key"])
async def test_fault_of_one_grant_does_not_keep_the_keys_of_others_that_are_over(
    opened: Opened, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    keeper, directory = opened.world.keeper, opened.world.directory
    first = (await opened.validate(await opened.ask(first=0, last=3), valid_days=30))["grant"]
    over = (await opened.validate(await opened.ask(first=3, last=6)))["grant"]
    await opened.answer(first, 1)
    append = keeper.append

    async def die(entries: object) -> list[object]:
        raise Died

    keeper.append = die  # type: ignore[assignment,method-assign]
    with pytest.raises(Died):
        await opened.answer(first, 2)  # its keys are kept, and not logged
    keeper.append = append  # type: ignore[method-assign]
    match fault:
        case "footage":
            opened.world.index.segments.clear()
        case "answer":
            for path in await asyncio.to_thread(lambda: list((directory / "grants" / first).glob("*-2-*.answer"))):
                await asyncio.to_thread(path.write_bytes, b"{")
        case "set":
            await asyncio.to_thread((directory / "custodians.json").write_bytes, b"{")
        case _:
            await asyncio.to_thread((directory / "grants" / first / "release.key").write_bytes, b"short")
    opened.world.clock.advance(16 * DAY_US)
    await opened.grants.housekeep()
    assert opened.kept(over) == []
    assert opened.kept(first)
    assert [record for record in caplog.records if record.levelname == "ERROR"]


async def test_no_key_is_in_ledger_or_log(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    grant = await opened.grant()
    pair = await asyncio.to_thread(opened.store.release_key, GrantId(grant))
    release = await opened.open(grant)
    (segment, *_) = await asyncio.to_thread(release.segments, CAMERA)
    key = (await asyncio.to_thread(lambda: next(release.records(segment.segment)))).key
    leaves = b"".join(leaf for _, leaf in await opened.world.keeper.service.entries(0, 1000))
    for secret in (pair.seed, key):
        assert secret.hex() not in caplog.text
        assert secret.hex().encode() not in leaves


async def test_unknown_grant_is_named(opened: Opened) -> None:
    for name in ("grant.file", "grant.answer"):
        with pytest.raises(InvalidValue) as refusal:
            await opened.world.act("a.martin", name, grant="0" * 32)
        assert refusal.value.field == "grant"


async def test_folder_among_the_grants_that_is_none_is_left_alone(opened: Opened) -> None:
    stranger = opened.world.directory / "grants" / "lost+found"
    await asyncio.to_thread(stranger.mkdir, parents=True)
    await opened.grants.housekeep()
    assert await asyncio.to_thread(stranger.is_dir)
