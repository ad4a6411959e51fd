"""The system as it is, from what roles answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from nvr.base.errors import Refused
from storage.days import day_of


class NothingMeasured(Refused):
    """No camera has been recorded for long enough, or no order says how long footage is kept."""

    message_id = "capacity-nothing-measured"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A camera as it is: what a day brings, how many days are kept, how many at least (0: the order says nothing)."""

    camera: str
    daily_bytes: int
    days: int
    minimum_days: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """The system as it is on a day; `rooms_bytes` is what each volume has for footage that no hold keeps."""

    day: date
    cameras: tuple[Recorded, ...]
    rooms_bytes: tuple[int, ...]
    held_bytes: int = 0

    @property
    def daily_bytes(self) -> int:
        """What all cameras bring."""
        return sum(each.daily_bytes for each in self.cameras)


def measured_of(forecast: Mapping[str, Any] | None, retention: Sequence[Mapping[str, Any]], zone: tzinfo) -> Measured:
    """From the answers of `retention.forecast` and `retention.show`; cameras without an order are not counted.

    Raises:
        NothingMeasured: there is nothing to count with.
    """
    rules = {each["camera"]: each for each in retention if each.get("days") is not None}
    cameras = tuple(
        _recorded(rule, size)
        for camera, size in sorted(({} if forecast is None else forecast["daily_bytes"]).items())
        if (rule := rules.get(camera)) is not None and size > 0
    )
    if forecast is None or not cameras:
        raise NothingMeasured
    volumes = forecast["volumes"]
    rooms = tuple(max(0, each["room_bytes"] - each["held_bytes"]) for each in volumes)
    return Measured(day_of(forecast["made_utc_us"], zone), cameras, rooms, sum(each["held_bytes"] for each in volumes))


def _recorded(rule: Mapping[str, Any], daily_bytes: int) -> Recorded:
    minimum = rule.get("minimum_days") or 0
    own = rule.get("camera_days") or rule["days"]
    return Recorded(rule["camera"], daily_bytes, max(min(own, rule["days"]), minimum), minimum)
