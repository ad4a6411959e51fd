"""A disk that runs short is told; a keeper that does not answer costs the countdown nothing."""

import pytest

from access.footage.pressure import pressure_utc_us
from nvr.base.errors import Retryable
from nvr.base.jcs import Json


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ({"volumes": [{"pressure_utc_us": 9}, {"pressure_utc_us": None}, {"pressure_utc_us": 7}]}, 7),
        ({"volumes": [{"pressure_utc_us": None}]}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_first_disk_to_run_short_counts(told: Json, first: int | None) -> None:
    async def forecast() -> Json:
        return told

    assert await pressure_utc_us(forecast) == first


async def test_keeper_that_is_away_leaves_it_unknown_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def forecast() -> Json:
        raise Retryable("peer-unreachable", socket="keeper.sock")

    assert await pressure_utc_us(forecast) is None
    assert "peer-unreachable" in caplog.text
