"""Whatever runs ends when its leave does: by the ledger, from any thread, and by the clock."""

import asyncio
import gc
from collections.abc import Callable
from types import MappingProxyType

import pytest

from access.permits import Permit, Permits
from access.policy import ActName, Denied
from nvr.base.clock import SimClock
from nvr.base.units import UtcUs
from tests.access.opened import Opened
from tests.access.world import DAY_US, NOW_UTC_US
from tests.storage.sealed import CAMERA

NUMBER = "R-2026-000001"
ENDS = MappingProxyType(
    {
        "revoke": "grant-revoked",
        "give up": "grant-revoked",
        "close": "already-closed",
        "account": "account-disabled",
        "time": "grant-over",
    }
)


async def end(opened: Opened, grant: str, how: str) -> None:
    """End the leave to have the grant's footage."""
    match how:
        case "revoke":
            await opened.world.act("b.petit", "grant.revoke", grant=grant, reason="retirée par le parquet")
        case "give up":
            await opened.world.act("a.martin", "grant.revoke", grant=grant, reason="plus besoin")
        case "close":
            await opened.world.act("b.petit", "requisition.close", requisition=NUMBER, reason="retirée")
        case "account":
            await opened.world.act("root", "account.end", account="a.martin")
        case _:
            opened.world.clock.advance(15 * DAY_US)


@pytest.mark.parametrize(("how", "rule"), ENDS.items(), ids=ENDS)
async def test_records_that_are_being_read_end_at_the_next_one(opened: Opened, how: str, rule: str) -> None:
    grant = await opened.grant()
    release = await opened.open(grant)
    (segment, *_) = await asyncio.to_thread(release.segments, CAMERA)
    reading = await asyncio.to_thread(release.records, segment.segment)
    await asyncio.to_thread(next, reading)
    await end(opened, grant, how)
    with pytest.raises(Denied, match=rule):
        await asyncio.to_thread(next, reading)
    for late in (release.demand, lambda: release.segments(CAMERA), lambda: release.front(segment.segment, 1)):
        with pytest.raises(Denied, match=rule):
            await asyncio.to_thread(late)
    with pytest.raises(Denied, match=rule):
        await opened.open(grant)


async def test_another_grants_end_ends_nothing_of_this_one(opened: Opened) -> None:
    mine, other = await opened.grant(), await opened.grant(first=3, last=6)
    release = await opened.open(mine)
    await end(opened, other, "revoke")
    assert len(await opened.everything(release)) == 3 * 3 * 4


async def test_leave_has_ended_before_whoever_ended_it_is_answered(opened: Opened) -> None:
    grant = await opened.grant()
    permits = Permits(opened.world.register, opened.world.clock)
    permit = await opened.world.register.read(issue(permits, opened))
    permit.demand()
    acting = asyncio.create_task(end(opened, grant, "revoke"))
    while permit.ended_by is None:
        assert not acting.done()
        await asyncio.sleep(0)
    await acting
    assert permit.ended_by == "grant-revoked"


def issue(permits: Permits, opened: Opened) -> Callable[..., Permit]:
    until = UtcUs(opened.world.clock.utc_us() + DAY_US)
    return lambda session: permits.issue(session, "a.martin", ActName.EXPORT, NUMBER, until)


async def test_permit_is_not_issued_to_whom_policy_refuses(opened: Opened) -> None:
    permits = Permits(opened.world.register, opened.world.clock)
    await opened.validate(await opened.ask())
    with pytest.raises(Denied, match="not-open"):
        await opened.world.register.read(issue(permits, opened))


async def test_permits_that_nobody_holds_are_forgotten(opened: Opened) -> None:
    await opened.grant()
    permits = Permits(opened.world.register, opened.world.clock)
    await opened.world.register.read(issue(permits, opened))
    await opened.world.register.read(lambda _: None)  # its thread holds what it answered last
    gc.collect()
    assert not permits._issued


def test_permit_ends_by_the_earlier_instant_and_never_begins_again() -> None:
    clock = SimClock(NOW_UTC_US)
    ends = {"grant-over": UtcUs(NOW_UTC_US + 20), "account-ended": UtcUs(NOW_UTC_US + 10)}
    permit = Permit("a.martin", ActName.EXPORT, NUMBER, ends, clock)
    permit.demand()
    clock.advance(10)
    with pytest.raises(Denied, match="account-ended") as denied:
        permit.demand()
    assert (denied.value.what, denied.value.object) == ("export", NUMBER)
    clock.step_utc(-DAY_US)
    permit.end("grant-revoked")
    assert permit.ended_by == "account-ended"
