"""What is kept and how long, and who may let much of a camera go."""

import pytest

from access.orders.consent import WouldDestroy
from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.keeping.previews import Effect, OwnDays
from storage.ledger import people
from storage.ledger.entries import decode
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World


async def test_retention_shows_order_minimum_and_what_is_achieved(town: World) -> None:
    town.index.recorded(ago_us=12 * DAY_US + HOUR_US)
    (row,) = await town.act("f.audit", "retention.show")
    assert (row["order"], row["days"], row["minimum_days"], row["achieved_days"]) == ("2026-117", 30, 7, 12)


async def test_forecast_is_what_the_keeper_says(town: World) -> None:
    assert await town.act("f.audit", "retention.forecast") == await town.keeper.forecast()


GOING = Effect(CameraId("cam-1"), 30, 5, 3, 900, UtcUs(NOW_UTC_US - 20 * DAY_US), UtcUs(NOW_UTC_US - 6 * DAY_US))


async def test_camera_keeps_fewer_days_and_then_as_many_as_its_order_says_again(town: World) -> None:
    await town.act("root", "retention.set", camera="cam-1", retention_days=5)
    (row,) = await town.act("f.audit", "retention.show")
    assert (row["days"], row["camera_days"]) == (30, 5)
    await town.act("root", "retention.set", camera="cam-1", order_days=True)
    (row,) = await town.act("f.audit", "retention.show")
    assert row["camera_days"] is None
    assert town.index.tried[-2:] == [OwnDays(CameraId("cam-1"), 5), OwnDays(CameraId("cam-1"), None)]


async def test_setting_that_would_destroy_is_refused_until_that_is_meant(town: World) -> None:
    town.index.effects_told = [GOING]
    told = await town.act("root", "retention.set", camera="cam-1", retention_days=5, dry_run=True)
    assert [one["segments"] for one in told["effects"]] == [3]
    with pytest.raises(WouldDestroy):
        await town.act("root", "retention.set", camera="cam-1", retention_days=5)
    assert [row["camera_days"] for row in await town.act("f.audit", "retention.show")] == [None]
    await town.act("root", "retention.set", camera="cam-1", retention_days=5, accept_destruction=True)
    assert [row["camera_days"] for row in await town.act("f.audit", "retention.show")] == [5]


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": 32}, "retention_days"),
        ({}, "retention_days"),
        ({"retention_days": 5, "order_days": True}, "retention_days"),
        ({"order_days": 1}, "order_days"),
        ({"camera": "cam-9", "retention_days": 5}, "camera"),
        ({"retention_days": 5, "days": 5}, "days"),
    ],
)
async def test_wrong_setting_is_named(town: World, args: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "retention.set", **{"camera": "cam-1", **args})
    assert refusal.value.field == field


async def test_only_an_administrator_sets_what_a_camera_keeps(town: World) -> None:
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", "retention.set", camera="cam-1", retention_days=5)
    assert not any(isinstance(change, OwnDays) for change in town.index.tried)


async def allowances(town: World) -> list[people.Allow]:
    leaves = [decode(leaf) for _, leaf in await town.keeper.service.entries(0, 1000)]
    return [leaf.body for leaf in leaves if isinstance(leaf.body, people.Allow)]


async def test_allowance_is_in_the_ledger_with_its_end_and_the_reason_only_as_a_commitment(town: World) -> None:
    shown = await town.act("root", "retention.allow", camera="cam-1", reason="15 jours, vu")
    until = town.clock.utc_us() + DAY_US
    assert shown == {"camera": "cam-1", "until_utc_us": until}
    (body,) = await allowances(town)
    assert (body.camera, body.until_utc_us) == ("cam-1", until)
    assert not any(b"vu" in leaf for _, leaf in await town.keeper.service.entries(0, 1000) if b"allow" in leaf)


async def test_only_an_administrator_allows_it_and_only_for_a_camera_that_is_known(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("a.martin", "retention.allow", camera="cam-1", reason="r")
    with pytest.raises(InvalidValue, match="camera"):
        await town.act("root", "retention.allow", camera="cam-9", reason="r")
    assert await allowances(town) == []


async def test_nothing_is_allowed_when_the_ledger_does_not_answer(town: World) -> None:
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.act("root", "retention.allow", camera="cam-1", reason="r")


async def test_footage_of_a_retired_camera_may_be_allowed_to_go(town: World) -> None:
    await town.act("root", "camera.retire", camera="cam-1")
    assert (await town.act("root", "retention.allow", camera="cam-1", reason="r"))["camera"] == "cam-1"
