"""What the index says of disks to come: asked once an hour, since it reads every segment that there is."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import Final

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.forecast import Forecast, Load, Stock, forecast
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keeping.relieving import room_of
from storage.keeping.surveys import reserve_of, rules_of
from storage.volume import Space, Volume, VolumeLost

_WEEK_DAYS: Final = 7

_LEAST_US: Final = 3600 * US_PER_SECOND
"""The time of which a rate is taken at least: a few pictures say nothing of a day."""


def forecast_of(
    index: IndexReader, zone: tzinfo, now_utc_us: int, rooms: Iterable[tuple[Volume, Space]], reserve_bytes: int
) -> Forecast:
    """The forecast for these volumes, of which the room was read."""
    found = list(rooms)
    held = _held_bytes(index, now_utc_us)
    daily = _daily_bytes(index, [volume.id for volume, _ in found], now_utc_us)
    loads = [
        Load(
            volume=str(volume.path),
            free_bytes=space.free_bytes,
            reserve_bytes=reserve_of(space, reserve_bytes),
            stock=[
                Stock(camera, UtcUs(day * US_PER_DAY), size, min(size, held.get((volume.id, camera, day), 0)))
                for camera, day, size in index.bytes_by_day(volume.id)
            ],
            daily_bytes=daily[volume.id],
        )
        for volume, space in found
    ]
    return forecast(loads, rules_of(index, zone), now_utc_us)


def rooms_of(volumes: Iterable[Volume]) -> list[tuple[Volume, Space]]:
    """The volumes whose room can be read, with it."""
    rooms = []
    for volume in volumes:
        with suppress(VolumeLost):
            rooms.append((volume, room_of(volume)))
    return rooms


def _daily_bytes(index: IndexReader, volumes: Sequence[str], now_utc_us: int) -> dict[str, dict[str, int]]:
    """By volume and camera, what a day brings: of the last week, or of as much of it as the camera has recorded.

    A camera that moves from volume to volume brings to each what it wrote there; a new one is not taken for a week old.
    """
    written = {volume: index.written_since(volume, now_utc_us - _WEEK_DAYS * US_PER_DAY) for volume in volumes}
    first: dict[str, int] = {}
    for on_volume in written.values():
        for camera, (since, _) in on_volume.items():
            first[camera] = min(since, first.get(camera, now_utc_us))
    return {
        volume: {
            camera: size * US_PER_DAY // max(now_utc_us - first[camera], _LEAST_US)
            for camera, (_, size) in on_volume.items()
        }
        for volume, on_volume in written.items()
    }


def _held_bytes(index: IndexReader, now_utc_us: int) -> Mapping[tuple[str, str, int], int]:
    """By volume, camera and day (UTC), what running holds keep; what they keep for the sake of that is little more."""
    seen: set[str] = set()
    held: dict[tuple[str, str, int], int] = {}
    for scope in index.holds():
        if scope.until_utc_us is not None and scope.until_utc_us <= now_utc_us:
            continue
        for row in index.segments(
            CameraId(scope.camera), scope.from_utc_us, scope.to_utc_us + 1, [SegmentState.SEALED]
        ):
            if row.seg not in seen:
                seen.add(row.seg)
                key = (row.volume, row.camera, row.start_utc_us // US_PER_DAY)
                held[key] = held.get(key, 0) + row.file_bytes
    return held
