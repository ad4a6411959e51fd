"""Points of the prefect's order: entered, corrected, refused."""

import pytest

from nvr.base.errors import InvalidValue
from tests.access.world import World

POINT = {"point": "p1", "number": "1", "address": "rue A", "lat_e7": 457_000_000, "lon_e7": 48_000_000}


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
