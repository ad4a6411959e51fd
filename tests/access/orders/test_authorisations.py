"""The prefect's orders: entered, corrected, renewed; and never a destruction that nobody meant."""

import pytest

from access.orders.consent import WouldDestroy
from access.policy import Denied
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.rows import Order
from storage.keeping.previews import Effect
from tests.access.world import DAY_US, NOW_UTC_US, World

ORDER = {
    "number": "2026-9",
    "from_utc_us": NOW_UTC_US,
    "to_utc_us": NOW_UTC_US + DAY_US,
    "retention_days": 15,
    "minimum_days": 5,
}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"retention_days": 32}, "retention_days"),
        ({"retention_days": None}, "retention_days"),
        ({"minimum_days": 16}, "minimum_days"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"cameras": ["Cam 9"]}, "cameras"),
        ({"number": ""}, "number"),
    ],
)
async def test_wrong_order_is_named(town: World, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.add", **{**ORDER, **change})
    assert refusal.value.field == field


async def test_order_for_some_cameras_covers_these(town: World) -> None:
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://192.0.2.2/")
    made = await town.act("root", "authorisation.add", **ORDER, cameras=["cam-2"])
    covered = {str(entry.camera): entry.authorisation for entry in town.keeper.published[-1]}
    assert covered["cam-2"] == made["authorisation"]
    assert covered["cam-1"] not in (None, made["authorisation"])


async def test_of_overlapping_orders_the_shorter_is_named_as_it_destroys(town: World) -> None:
    shorter = await town.act("root", "authorisation.add", **{**ORDER, "retention_days": 6})
    await town.act("root", "authorisation.add", **ORDER)
    covered = {str(entry.camera): entry.authorisation for entry in town.keeper.published[-1]}
    assert covered["cam-1"] == shorter["authorisation"]
    (shown,) = [row for row in await town.act("root", "retention.show") if row["camera"] == "cam-1"]
    assert (shown["days"], shown["minimum_days"]) == (6, 5)


GOING = Effect(CameraId("cam-1"), 30, 15, 3, 900, UtcUs(NOW_UTC_US - 20 * DAY_US), UtcUs(NOW_UTC_US - 16 * DAY_US))
STAYING = Effect(CameraId("cam-2"), 30, 15, 0, 0, None, None)


@pytest.fixture
async def entered(town: World) -> dict[str, object]:
    made: dict[str, object] = await town.act("root", "authorisation.add", **ORDER)
    return made


async def test_order_that_would_destroy_is_refused_until_that_is_meant(town: World) -> None:
    town.index.effects_told = [GOING, STAYING]
    before = len(town.keeper.published)
    with pytest.raises(WouldDestroy) as refusal:
        await town.act("root", "authorisation.add", **ORDER)
    assert refusal.value.fields == {
        "segments": 3,
        "cameras": "cam-1",
        "from_utc_us": GOING.from_utc_us,
        "to_utc_us": GOING.to_utc_us,
    }
    assert len(town.keeper.published) == before
    made = await town.act("root", "authorisation.add", **ORDER, accept_destruction=True)
    assert made["number"] == "2026-9"


async def test_order_that_destroys_nothing_needs_no_consent(town: World) -> None:
    town.index.effects_told = [STAYING]
    assert (await town.act("root", "authorisation.add", **ORDER))["number"] == "2026-9"


async def test_dry_run_says_what_would_go_and_enters_nothing(town: World) -> None:
    town.index.effects_told = [GOING]
    found = await town.act("root", "authorisation.add", **ORDER, dry_run=True)
    assert [(one["camera"], one["segments"], one["days"]) for one in found["effects"]] == [("cam-1", 3, 15)]
    assert town.index.tried[-1].retention_days == 15
    assert "2026-9" not in [one["number"] for one in (await town.act("root", "authorisation.list"))["authorisations"]]


async def test_order_is_corrected_under_its_id_for_a_reason_of_which_the_ledger_has_a_commitment(
    town: World, entered: dict[str, object]
) -> None:
    made = await town.act(
        "root", "authorisation.edit", authorisation="2026-9", retention_days=10, reason="faute de frappe"
    )
    assert made["authorisation"] == entered["authorisation"]
    assert (made["retention_days"], made["minimum_days"], made["reason"]) == (10, 5, "faute de frappe")
    change = town.index.tried[-1]
    assert isinstance(change, Order)
    assert change.authorisation == entered["authorisation"]
    (body,) = [one.body for one in await town.keeper.all() if getattr(one.body, "reason", None)]
    assert "frappe" not in str(body)


@pytest.mark.usefixtures("entered")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"authorisation": "2026-77"}, "authorisation"),
        ({"reason": ""}, "reason"),
        ({"retention_days": 4}, "minimum_days"),
        ({"minimum_days": 16}, "minimum_days"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"from_utc_us": NOW_UTC_US + 2 * DAY_US}, "to_utc_us"),
        ({"cameras": ["Cam 9"]}, "cameras"),
        ({"cameras": ["cam-1"], "all_cameras": True}, "cameras"),
    ],
)
async def test_wrong_correction_is_named(town: World, change: dict[str, object], field: str) -> None:
    args = {"authorisation": "2026-9", "reason": "faute de frappe", **change}
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.edit", **args)
    assert refusal.value.field == field


async def test_order_whose_number_two_have_is_corrected_by_its_id(town: World, entered: dict[str, object]) -> None:
    await town.act("root", "authorisation.add", **ORDER)
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.edit", authorisation="2026-9", reason="x", retention_days=9)
    assert refusal.value.field == "authorisation"
    made = await town.act(
        "root", "authorisation.edit", authorisation=entered["authorisation"], reason="x", retention_days=9
    )
    assert made["retention_days"] == 9


async def test_renewal_names_what_it_renews_and_leaves_no_day_between(town: World, entered: dict[str, object]) -> None:
    renewal = {**ORDER, "number": "2026-10", "from_utc_us": NOW_UTC_US + DAY_US, "to_utc_us": NOW_UTC_US + 9 * DAY_US}
    made = await town.act("root", "authorisation.add", **renewal, succeeds="2026-9")
    assert made["succeeds"] == entered["authorisation"]
    late = {**renewal, "number": "2026-11", "from_utc_us": NOW_UTC_US + DAY_US + 1}
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.add", **late, succeeds="2026-9")
    assert refusal.value.field == "from_utc_us"
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.add", **renewal, succeeds="2025-1")
    assert refusal.value.field == "succeeds"


async def test_list_says_what_is_in_force_for_whom_and_who_has_no_order(town: World) -> None:
    for number, begin, end in (("old", -9, -1), ("now", -1, 1), ("next", 1, 2)):
        span = {"from_utc_us": NOW_UTC_US + begin * DAY_US, "to_utc_us": NOW_UTC_US + end * DAY_US}
        await town.act("root", "authorisation.add", **{**ORDER, "number": number, **span, "retention_days": 8})
    found = await town.act("root", "authorisation.list")
    states = {one["number"]: (one["state"], "cam-1" in one["decides_for"]) for one in found["authorisations"]}
    assert states["old"] == ("ended", False)
    assert states["now"] == ("in force", True)
    assert states["next"] == ("coming", False)
    assert found["without"] == []
    town.clock.advance(10**15)
    assert "cam-1" in (await town.act("root", "authorisation.list"))["without"]


async def test_officer_corrects_no_order(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("a.martin", "authorisation.edit", authorisation="2026-9", reason="x", retention_days=31)
