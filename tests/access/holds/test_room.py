"""What holds keep of the room: of what is there, and of what is still to come."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.holds import room as hold_room
from access.holds.room import HoldRoom, bytes_to_come, kept_times
from nvr.base.ids import CameraId
from nvr.base.units import MAX_PERSISTED_INT, UtcUs
from storage.forecast import Forecast, VolumeForecast
from storage.index.rows import HoldScope
from storage.ledger.people import RoomKept
from tests.access.world import CAMERA, DAY_US, HOUR_US, NOW_UTC_US, World

DAILY_BYTES: Final = 86_400
LOOKED: Final[dict[str, Any]] = {
    "volumes": [{"room_bytes": 80_000}, {"room_bytes": 20_000}, {"room_bytes": -5}],
    "daily_bytes": {CAMERA: DAILY_BYTES},
}
HELD: Final[dict[str, Any]] = {"cameras": [CAMERA], "asked_by": "OPJ"}


def scope(first: int, last: int, until: int | None = None, camera: str = CAMERA) -> HoldScope:
    end = None if until is None else UtcUs(until)
    return HoldScope("h", CameraId(camera), UtcUs(first), UtcUs(last), end, 0)


def room_of(town: World) -> HoldRoom:
    return HoldRoom(town.register, town.index, town.keeper.forecast, town.clock, limit_percent=30)


async def measured(town: World, from_us: int, to_us: int) -> tuple[int | None, int | None]:
    """Before and with a hold of the camera, which is ended again; times from now."""
    town.keeper.looked_ahead, looked = None, town.keeper.looked_ahead
    span = {"from_utc_us": NOW_UTC_US + from_us, "to_utc_us": NOW_UTC_US + to_us}
    hold = (await town.act("a.martin", "hold.place", **HELD, **span))["hold"]
    town.keeper.looked_ahead = looked
    kept = await room_of(town).with_hold(hold)
    await town.act("b.petit", "hold.end", hold=hold, reason="mesure")
    return kept.before_permille, kept.with_permille


async def test_hold_is_measured_with_all_that_run_and_what_two_keep_counts_once(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    assert await measured(town, -HOUR_US, 0) == (0, 36)
    span = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
    placed = await town.act("a.martin", "hold.place", **HELD, **span)
    assert await measured(town, -HOUR_US, 0) == (36, 36)
    assert await measured(town, -2 * HOUR_US, 0) == (36, 72)
    assert await measured(town, -5 * HOUR_US, -3 * HOUR_US) == (36, 36 + 72)
    await town.act("b.petit", "hold.end", hold=placed["hold"], reason="erreur")
    assert await measured(town, -HOUR_US, 0) == (0, 36)


async def test_what_is_to_come_counts_at_the_rate_of_the_last_week(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    assert await measured(town, -HOUR_US, DAY_US) == (0, 36 + 864)
    assert await measured(town, DAY_US, 2 * DAY_US) == (0, 864)


@pytest.mark.parametrize(
    "looked",
    [
        None,
        {"volumes": [], "daily_bytes": {}},
        {"volumes": [{"room_bytes": 0}], "daily_bytes": {}},
        {},
        {"volumes": [{}]},
    ],
    ids=str,
)
async def test_without_an_estimate_of_the_keeper_nothing_is_said(town: World, looked: Any) -> None:  # noqa: ANN401 -- JSON
    town.keeper.looked_ahead = looked
    assert await measured(town, -HOUR_US, 0) == (None, None)


async def test_figure_that_is_beyond_all_measure_can_be_written_down(town: World) -> None:
    town.keeper.looked_ahead = {"volumes": [{"room_bytes": 1}], "daily_bytes": {CAMERA: 10**16}}
    _, kept_with = await measured(town, 0, DAY_US)
    assert kept_with == MAX_PERSISTED_INT


async def test_index_or_keeper_that_is_away_leaves_the_figure_unknown(town: World) -> None:
    town.keeper.looked_ahead = LOOKED
    town.index.is_away = True
    unknown = RoomKept(limit_permille=300, before_permille=None, with_permille=None)
    assert await room_of(town).with_hold("0199") == unknown


async def test_keeper_that_hangs_is_not_waited_for(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(town.keeper, "forecast", hanging)
    monkeypatch.setattr(hold_room, "PATIENCE_S", 0.01)
    assert await measured(town, -HOUR_US, 0) == (None, None)


def test_hold_keeps_nothing_that_begins_after_it_has_run_out() -> None:
    now = UtcUs(100)
    assert kept_times([scope(90, 400, until=200)], now) == {CAMERA: ((90, 200),)}
    assert kept_times([scope(300, 400, until=200)], now) == {CAMERA: ()}
    assert kept_times([scope(0, 50, until=100)], now) == {}


spans = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)).map(sorted), max_size=5)


@given(running=spans, new=spans, now=st.integers(0, 99))
def test_one_more_hold_never_makes_the_figure_smaller_and_the_same_again_adds_nothing(
    running: Sequence[Sequence[int]], new: Sequence[Sequence[int]], now: int
) -> None:
    daily: dict[str, int] = {CAMERA: DAY_US}

    def to_come(*each: Sequence[int]) -> int:
        return bytes_to_come(kept_times([scope(one[0], one[1]) for one in each], UtcUs(now)), daily, UtcUs(now))

    together = to_come(*running, *new)
    assert max(to_come(*running), to_come(*new)) <= together <= to_come(*running) + to_come(*new)
    assert to_come(*running, *new, *new) == together


async def test_estimate_is_read_as_the_keeper_makes_it(town: World) -> None:
    disk = VolumeForecast(
        volume="/srv/a",
        free_bytes=1,
        room_bytes=100_000,
        held_bytes=7,
        daily_bytes=DAILY_BYTES,
        due_bytes=0,
        pressure_utc_us=None,
        full_utc_us=None,
    )
    made = Forecast(NOW_UTC_US, (disk,), {CAMERA: DAILY_BYTES}, None)
    town.keeper.looked_ahead = json.loads(json.dumps(asdict(made)))
    assert await measured(town, -HOUR_US, DAY_US) == (0, 36 + 864)
