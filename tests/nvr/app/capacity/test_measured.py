"""What roles answer, as what is counted with."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nvr.app.capacity.measured import Measured, NothingMeasured, Recorded, measured_of

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT_IN_PARIS = 1_790_028_000_000_000  # 2026-09-22T00:00+02:00
DISK = {"volume": "/srv/a", "room_bytes": 1000, "held_bytes": 100}


def rule(camera: str, **more: object) -> dict[str, Any]:
    return {"camera": camera, "days": 30, "camera_days": None, "minimum_days": 15, **more}


def forecast(**daily: int) -> dict[str, Any]:
    return {"made_utc_us": MIDNIGHT_IN_PARIS, "volumes": [DISK, DISK], "daily_bytes": daily}


def test_camera_counts_with_the_shorter_of_order_and_setting() -> None:
    found = measured_of(forecast(a=5, b=6), [rule("a", camera_days=20), rule("b", camera_days=40)], PARIS)
    assert found == Measured(
        date(2026, 9, 22), (Recorded("a", 5, 20, 15), Recorded("b", 6, 30, 15)), (900, 900), held_bytes=200
    )


def test_setting_below_the_orders_minimum_counts_as_the_minimum_as_retention_does() -> None:
    (found,) = measured_of(forecast(a=5), [rule("a", camera_days=3)], PARIS).cameras
    assert (found.days, found.minimum_days) == (15, 15)


def test_camera_without_an_order_or_without_footage_is_not_counted() -> None:
    found = measured_of(forecast(a=5, b=6, c=0), [rule("a"), rule("b", days=None), rule("c")], PARIS)
    assert [each.camera for each in found.cameras] == ["a"]


@pytest.mark.parametrize("answer", [None, forecast(), forecast(b=3)])
def test_without_anything_measured_it_says_so(answer: dict[str, Any] | None) -> None:
    with pytest.raises(NothingMeasured):
        measured_of(answer, [rule("a")], PARIS)
