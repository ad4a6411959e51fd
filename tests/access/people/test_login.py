import asyncio

import pytest

from access.people.passwords import TooManyAttempts, WrongPassword
from tests.access.world import HOUR_US, NOW_UTC_US, PASSWORD, World

HELD = {
    "cameras": ["cam-1"],
    "from_utc_us": NOW_UTC_US - HOUR_US,
    "to_utc_us": NOW_UTC_US,
    "asked_by": "OPJ",
}


async def test_unknown_account_and_wrong_password_are_told_alike(town: World) -> None:
    told = []
    for account in ("a.martin", "nobody"):
        with pytest.raises(WrongPassword) as refusal:
            await town.service.act(account, "wrong", "requisition.list", {})
        told.append((str(refusal.value), dict(refusal.value.fields)))
    assert told[0] == told[1]


async def test_account_waits_after_wrong_passwords_and_a_hold_does_not(town: World) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            await town.service.act("a.martin", "wrong", "camera.list", {})
    with pytest.raises(TooManyAttempts):
        await town.act("a.martin", "camera.list")
    assert (await town.act("a.martin", "hold.place", **HELD))["cameras"] == ["cam-1"]
    await town.act("a.martin", "camera.list")  # the right password forgave


async def test_attempts_that_are_sent_at_once_are_counted_like_others(town: World) -> None:
    tried = [town.service.act("a.martin", f"wrong {at}", "camera.list", {}) for at in range(12)]
    told = [type(error) for error in await asyncio.gather(*tried, return_exceptions=True)]
    assert told == [WrongPassword] * 4 + [TooManyAttempts] * 8
    await town.act("root", "camera.list")


async def test_wrong_passwords_for_a_hold_are_answered_once_a_second_and_logged_and_the_right_one_at_once(
    town: World,
) -> None:
    tried = [
        asyncio.create_task(town.service.act(account, "wrong", "hold.place", HELD))
        for account in ("a.martin", "b.petit", "nobody")
    ]
    while town.clock.sleepers < len(tried):  # noqa: ASYNC110 -- the clock tells nobody who sleeps
        await asyncio.sleep(0)
    assert await town.denials() == [("access", "hold.place", "password")] * 3
    assert (await town.act("a.martin", "hold.place", **HELD))["cameras"] == ["cam-1"]
    for answered in range(1, 4):
        town.clock.advance(1_000_000)
        for _ in range(10):
            await asyncio.sleep(0)
        assert sum(task.done() for task in tried) == answered
    for task in tried:
        assert isinstance(task.exception(), WrongPassword)


async def test_waiting_ends_by_itself(town: World) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            await town.service.act("a.martin", "wrong", "camera.list", {})
    town.clock.advance(1_000_000)
    await town.act("a.martin", "camera.list")


async def test_ended_account_is_refused_by_the_rule(town: World) -> None:
    ends = town.clock.utc_us() + HOUR_US
    await town.act(
        "root", "account.add", account="temp", person="T", roles=["officer"], password=PASSWORD, ends_utc_us=ends
    )
    await town.act("temp", "camera.list")
    town.clock.advance(HOUR_US)
    with pytest.raises(Exception, match="account-ended"):
        await town.act("temp", "camera.list")
