"""The forecast of a town: what the index has of the last week, of what lies there and of what holds keep."""

import pytest

from nvr.base.units import US_PER_DAY
from storage.forecast import Forecast
from storage.keeping.forecasting import forecast_of, rooms_of
from storage.ledger.machine import Expired
from storage.ledger.service import Draft
from storage.volume import Space, Volume, VolumeLost
from tests.storage.keeping.test_relieving import Disk, order
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import hold, seal
from tests.storage.sealed import NOW_US

GIB = 1 << 30


async def record(town: Town, days: range, *, first: int = 0x1000, camera: str = "hall-1") -> list[str]:
    """A gibibyte at the beginning of each of these days before NOW_US."""
    names = []
    for day in days:
        start = NOW_US - day * DAY_US
        name = f"{start // 1000:012x}7000800000000000{first + day:04x}"
        body = seal(1, camera, start).model_copy(
            update={"seg": name, "volume": town.recorder.volume.id, "file_bytes": GIB}
        )
        await town.keeper.books.append([Draft(body)])
        names.append(name)
    await town.keeper.books.follow()
    return names


async def forecast(town: Town, free_bytes: int) -> Forecast:
    rooms = [(town.recorder.volume, Space(free_bytes, 1000 * GIB))]
    return await town.keeper.books.survey(forecast_of, town.settings.zone, NOW_US, rooms, GIB)


async def test_rate_is_that_of_the_last_week_with_what_was_destroyed_of_it(town: Town) -> None:
    names = await record(town, range(1, 15))
    gone = Expired(segs=tuple(names[:3]), bytes=1, cameras=())
    await town.keeper.books.append([Draft(gone)])
    await town.keeper.books.follow()
    (volume,) = (await forecast(town, 100 * GIB)).volumes
    assert (volume.daily_bytes, volume.volume) == (GIB, str(town.recorder.volume.path))


async def test_rate_of_a_system_younger_than_a_week_is_that_of_its_days(town: Town) -> None:
    await record(town, range(1, 3))
    (volume,) = (await forecast(town, 100 * GIB)).volumes
    assert volume.daily_bytes == GIB


async def test_rate_of_a_camera_that_came_yesterday_is_that_of_its_day_beside_one_that_was_there(town: Town) -> None:
    await record(town, range(1, 8))
    await record(town, range(1, 2), camera="gate-1", first=0x2000)
    made = await forecast(town, 100 * GIB)
    assert made.daily_bytes == {"hall-1": GIB, "gate-1": GIB}


async def test_rate_of_a_camera_that_came_within_the_hour_is_that_of_an_hour(town: Town) -> None:
    await record(town, range(1), camera="gate-1")
    made = await forecast(town, 100 * GIB)
    assert made.daily_bytes == {"gate-1": 24 * GIB}


async def test_held_footage_is_not_counted_as_due(town: Town) -> None:
    await town.act(order(2))
    await record(town, range(9, 15))
    (volume,) = (await forecast(town, 100 * GIB)).volumes
    due_bytes = volume.due_bytes
    kept = {"from_utc_us": NOW_US - 14 * DAY_US, "to_utc_us": NOW_US - 13 * DAY_US + 1, "until_utc_us": None}
    await town.act(hold().model_copy(update=kept))
    await town.act(hold(0x501).model_copy(update=kept))
    (volume,) = (await forecast(town, 100 * GIB)).volumes
    assert volume.due_bytes == due_bytes - 2 * GIB


async def test_minimum_at_risk_is_told_days_before_and_no_longer_than_it_lasts(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Disk(monkeypatch, free_bytes=2 * GIB, total_bytes=1000 * GIB)
    await town.act(order(10))
    await record(town, range(1, 7))
    await town.keeper.look_ahead()
    status = await town.keeper.status()
    assert status.forecast is not None
    at_risk = status.forecast.minimum_at_risk_utc_us
    assert at_risk is not None
    assert NOW_US < at_risk < NOW_US + 4 * US_PER_DAY
    assert status.at_risk_utc_us == at_risk
    room.free_bytes = 500 * GIB
    await town.keeper.look_ahead()
    assert (await town.keeper.status()).at_risk_utc_us is None


def test_volume_whose_room_can_not_be_read_is_left_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: Volume) -> Space:
        raise VolumeLost(path="x", what="EIO")

    monkeypatch.setattr(Volume, "space", refuses)
    assert rooms_of([town.recorder.volume]) == []
