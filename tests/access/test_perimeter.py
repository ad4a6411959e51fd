import pytest

from nvr.base.errors import InvalidValue
from tests.access.world import DAY_US, NOW_UTC_US, World

POINT = {"point": "p1", "number": "1", "address": "rue A", "lat_e7": 457_000_000, "lon_e7": 48_000_000}
ORDER = {
    "number": "2026-9",
    "from_utc_us": NOW_UTC_US,
    "to_utc_us": NOW_UTC_US + DAY_US,
    "retention_days": 15,
    "minimum_days": 5,
}


async def test_point_is_entered_and_corrected(town: World) -> None:
    await town.act("root", "point.add", **POINT)
    made = await town.act("root", "point.add", **{**POINT, "address": "rue B"})
    assert (made["address"], made["lat_e7"]) == ("rue B", 457_000_000)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"point": "P 1"}, "point"), ({"number": None}, "number"), ({"lat_e7": 10**9}, "lat_e7"), ({"view": 1}, "view")],
)
async def test_wrong_point_is_named(town: World, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "point.add", **{**POINT, **change})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"retention_days": 32}, "retention_days"),
        ({"retention_days": None}, "retention_days"),
        ({"minimum_days": 16}, "minimum_days"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"cameras": ["cam-9"]}, "cameras"),
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
