"""What the index says of disks to come: asked once an hour, since it reads every segment that there is."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import tzinfo
from typing import Final

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.forecast import Forecast, Load, Stock, forecast
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keeping.relieving import room_of
from storage.keeping.surveys import reserve_of, rules_of
from storage.volume import Space, Volume, VolumeLost

WEEK_DAYS: Final = 7


def forecast_of(
    index: IndexReader, zone: tzinfo, now_utc_us: int, rooms: Iterable[tuple[Volume, Space]], reserve_bytes: int
) -> Forecast:
    """The forecast for these volumes, of which the room was read."""
    held = _held_bytes(index, now_utc_us)
    loads = [
        Load(
            volume=str(volume.path),
            free_bytes=space.free_bytes,
            reserve_bytes=reserve_of(space, reserve_bytes),
            stock=[
                Stock(camera, UtcUs(day * US_PER_DAY), size, min(size, held.get((volume.id, camera, day), 0)))
                for camera, day, size in index.bytes_by_day(volume.id)
            ],
            daily_bytes=_daily_bytes(index, volume.id, now_utc_us),
        )
        for volume, space in rooms
    ]
    return forecast(loads, rules_of(index, zone), now_utc_us)


def rooms_of(volumes: Iterable[Volume]) -> list[tuple[Volume, Space]]:
    """The volumes whose room can be read, with it."""
    rooms = []
    for volume in volumes:
        with suppress(VolumeLost):
            rooms.append((volume, room_of(volume)))
    return rooms


def _daily_bytes(index: IndexReader, volume: str, now_utc_us: int) -> dict[str, int]:
    """By camera, what a day brings: of the last week, or of as much of it as there is."""
    written = index.written_since(volume, now_utc_us - WEEK_DAYS * US_PER_DAY)
    first = min((since for since, _ in written.values()), default=now_utc_us)
    length_us = max(now_utc_us - first, US_PER_DAY)
    return {camera: size * US_PER_DAY // length_us for camera, (_, size) in written.items()}


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
