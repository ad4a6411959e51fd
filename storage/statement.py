"""The statement of a local day: what was destroyed on it, for which reasons, and what was due and held. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Final

from storage.days import bounds_of
from storage.index.rows import SegmentRow
from storage.ledger.machine import DestroyedOfCamera, Statement, StatementOfCamera

CAMERAS_PER_ENTRY: Final = 60
"""Of so many, an entry has room, whatever their names and reasons."""


@dataclass(frozen=True, slots=True)
class DayLeft:
    """What was not destroyed by the end of a day though it was due: under hold, or ordered and not carried out yet."""

    held: Sequence[SegmentRow]
    waiting: Sequence[SegmentRow]


def days_to_state(first: date, now_utc_us: int, zone: tzinfo) -> Iterator[date]:
    """The local days from `first` on that are over."""
    day = first
    while bounds_of(day, zone)[1] <= now_utc_us:
        yield day
        day += timedelta(days=1)


def statement_of(
    day: date, zone: tzinfo, destroyed: Iterable[tuple[str, DestroyedOfCamera]], left: DayLeft
) -> list[Statement]:
    """The day's entries, cameras in their order; one at least: that nothing was destroyed is a statement too."""
    of_camera: dict[str, list[DestroyedOfCamera]] = {}
    for camera, one in destroyed:
        of_camera.setdefault(camera, []).append(one)
    names = sorted(of_camera.keys() | {row.camera for row in (*left.held, *left.waiting)})
    cameras = [_of_camera(camera, of_camera.get(camera, []), left) for camera in names]
    pages = [cameras[at : at + CAMERAS_PER_ENTRY] for at in range(0, len(cameras), CAMERAS_PER_ENTRY)] or [[]]
    begin, end = bounds_of(day, zone)
    return [
        Statement(
            day=day.isoformat(), from_utc_us=begin, to_utc_us=end, part=part, parts=len(pages), cameras=tuple(page)
        )
        for part, page in enumerate(pages)
    ]


def _of_camera(camera: str, destroyed: Sequence[DestroyedOfCamera], left: DayLeft) -> StatementOfCamera:
    held = [row for row in left.held if row.camera == camera]
    return StatementOfCamera(
        camera=camera,
        destroyed=tuple(sorted(destroyed, key=lambda one: one.reason or "")),
        held=len(held),
        held_bytes=sum(row.file_bytes for row in held),
        waiting=sum(row.camera == camera for row in left.waiting),
    )
