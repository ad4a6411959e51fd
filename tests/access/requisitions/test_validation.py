import asyncio

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from storage.ledger.people import Grant, Hold, Requisition
from tests.access.opened import Opened
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US
from tests.storage.sealed import CAMERA, GOP_US


async def test_validation_completes_the_requisition_lifts_the_hold_and_grants_in_one_group(opened: Opened) -> None:
    made = await opened.validate(await opened.ask(), valid_days=3)
    bodies = [entry.body for entry in (await opened.world.keeper.all())[-4:-1]]
    requisition, hold, grant = bodies
    assert isinstance(requisition, Requisition)
    assert isinstance(hold, Hold)
    assert isinstance(grant, Grant)
    assert requisition.authority_number is not None
    assert (hold.hold, hold.until_utc_us) == (requisition.hold, None)
    assert (grant.opener, grant.valid_until_utc_us) == ("a.martin", opened.world.clock.utc_us() + 3 * DAY_US)
    assert (made["state"], made["release_waits"]) == ("released", None)


async def test_narrowed_grant_releases_less_and_narrows_the_hold(opened: Opened) -> None:
    number = await opened.ask()
    made = await opened.validate(number, to_utc_us=NOW_UTC_US + 2 * GOP_US)
    assert made["segs"] == [opened.starts[0].segment]
    hold = (await opened.world.act("root", "hold.list"))[0]
    assert hold["to_utc_us"] == NOW_UTC_US + 2 * GOP_US


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"cameras": ["other"]}, "cameras"),
        ({"from_utc_us": NOW_UTC_US - 1}, "from_utc_us"),
        ({"to_utc_us": NOW_UTC_US + 10 * GOP_US}, "to_utc_us"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"valid_days": 91}, "valid_days"),
        ({"authority_number": ""}, "authority_number"),
        ({"basis": None}, "basis"),
        ({"checked": None}, "checked"),
        ({"opener": "b.petit"}, "opener"),
    ],
)
async def test_wrong_validation_is_named_and_leaves_no_key_behind(
    opened: Opened, said: dict[str, object], field: str
) -> None:
    number = await opened.ask()
    with pytest.raises(InvalidValue) as refusal:
        await opened.validate(number, **said)
    assert refusal.value.field == field
    assert await asyncio.to_thread(opened.store.grants) == []


async def test_future_is_not_granted(opened: Opened) -> None:
    made = await opened.world.act(
        "a.martin",
        "requisition.new",
        cameras=[CAMERA],
        from_utc_us=NOW_UTC_US,
        to_utc_us=NOW_UTC_US + 2 * HOUR_US,
        asked_by="OPJ",
    )
    with pytest.raises(InvalidValue, match="to_utc_us"):
        await opened.validate(made["requisition"])


async def test_interval_that_is_wholly_to_come_stays_held_and_is_granted_once_it_is_past(opened: Opened) -> None:
    begin = opened.world.clock.utc_us() + HOUR_US
    scope = {"cameras": [CAMERA], "from_utc_us": begin, "to_utc_us": begin + HOUR_US}
    made = await opened.world.act("a.martin", "requisition.new", asked_by="OPJ", **scope)
    with pytest.raises(InvalidValue) as refusal:
        await opened.validate(made["requisition"], to_utc_us=opened.world.clock.utc_us())
    assert refusal.value.field == "to_utc_us"
    (hold,) = await opened.world.act("root", "hold.list")
    assert (hold["ended"], hold["from_utc_us"], hold["to_utc_us"]) == (False, begin, begin + HOUR_US)
    opened.world.clock.advance(3 * HOUR_US)
    granted = await opened.validate(made["requisition"])
    assert (granted["from_utc_us"], granted["to_utc_us"]) == (begin, begin + HOUR_US)


@pytest.mark.parametrize(
    ("account", "rule"),
    [("a.martin", "role-missing"), ("f.audit", "role-missing"), ("root", "role-missing"), ("c.both", "same-person")],
)
async def test_who_may_not_validate_is_told_the_rule_and_so_is_the_ledger(
    opened: Opened, account: str, rule: str
) -> None:
    made = await opened.world.act(
        "c.both",
        "requisition.new",
        cameras=[CAMERA],
        from_utc_us=NOW_UTC_US,
        to_utc_us=NOW_UTC_US + GOP_US,
        asked_by="OPJ",
    )
    said = {"authority_number": "1", "basis": "60-1", "checked": "rappel"}
    with pytest.raises(Denied, match=rule):
        await opened.world.act(account, "requisition.validate", requisition=made["requisition"], **said)
    assert await opened.world.denials() == [(account, "requisition.validate", rule)]
    assert await asyncio.to_thread(opened.store.grants) == []


async def test_second_validation_is_refused(opened: Opened) -> None:
    number = await opened.ask()
    await opened.validate(number)
    with pytest.raises(Denied, match="already-decided"):
        await opened.validate(number)
