"""Countdowns rest on the register alone: its rules are those that the keeper's index has from the same entries."""

from functools import partial

from access.footage.countdown import Keeping
from access.footage.terms import rules_of, terms_of
from nvr.base.units import UtcUs
from storage.index.rows import Order
from storage.retention import Rule
from tests.access.world import CAMERA, HOUR_US, NOW_UTC_US, ZONE, World

SCOPE = {"cameras": [CAMERA], "from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US, "asked_by": "OPJ"}


async def test_rule_is_that_of_the_order_and_of_the_camera(town: World) -> None:
    await town.order("2026-200", retention_days=20, minimum_days=5, cameras=["cam-1", "cam-2"])
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://h/", retention_days=3)
    rules = await town.register.read(lambda session: rules_of(session, ZONE))
    shortest = next(one for one in rules.orders if one.number == "2026-200")
    assert isinstance(shortest, Order)
    assert rules.rule(CAMERA, NOW_UTC_US) == Rule(20, 5, "cap", shortest.authorisation, 20)
    assert rules.rule("cam-2", NOW_UTC_US) == Rule(5, 5, "camera", shortest.authorisation, 20)


async def test_only_holds_that_run_keep(town: World) -> None:
    ended = await town.act("a.martin", "hold.place", **SCOPE)
    await town.act("b.petit", "hold.end", hold=ended["hold"], reason="over")
    placed = await town.act("a.martin", "hold.place", **SCOPE)
    until = placed["until_utc_us"]
    before = await town.register.read(partial(terms_of, zone=ZONE, now_utc_us=UtcUs(until - 1)))
    after = await town.register.read(partial(terms_of, zone=ZONE, now_utc_us=until))
    assert list(before.keeping[CAMERA]) == [Keeping(NOW_UTC_US - HOUR_US, NOW_UTC_US, until)]
    assert CAMERA not in after.keeping
