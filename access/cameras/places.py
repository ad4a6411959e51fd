"""From a place, as a requisition names it, to the cameras that stood there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from access.cameras.place_names import ENOUGH_PERCENT, bare, is_in, is_name, likeness_percent, meaning, streets
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.register.tables import Camera, Placement, Point

MOST_SUGGESTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name of the register that is like what was asked for, how much, and the points or the camera that it means."""

    text: str
    likeness_percent: int
    points: tuple[str, ...]
    camera: str | None = None


def cameras_at(session: Session, place: str, from_utc_us: UtcUs, to_utc_us: UtcUs) -> list[CameraId]:
    """The cameras that stood at the place at any time of [from, to), sorted; none when nobody knows the place.

    A place is a point's id or number, a district, streets and addresses as `access.cameras.place_names` compares them,
    or a camera's id, wherever it stood.
    """
    points = list(points_at(session, place))
    found = session.scalars(
        select(Placement.camera).where(Placement.point.in_(points), *_during(from_utc_us, to_utc_us))
    )
    return sorted({CameraId(camera) for camera in (*found, *cameras_named(session, place))})


def points_at(session: Session, place: str) -> dict[str, tuple[str, ...]]:
    """The points that the place means, each with its address or streets by which it does."""
    matched = {point.point: matches(place, point) for point in session.scalars(select(Point))}
    return {point: texts for point, texts in matched.items() if texts is not None}


def cameras_named(session: Session, place: str) -> list[CameraId]:
    """The camera whose id the place is, if it is one."""
    return [CameraId(camera) for camera in session.scalars(select(Camera.camera)) if is_name(place, camera)]


def placements_at(session: Session, points: Iterable[str]) -> Sequence[Placement]:
    """All placements at these points, at any time, in the order of time."""
    query = select(Placement).where(Placement.point.in_(list(points)))
    return session.scalars(query.order_by(Placement.from_utc_us, Placement.placement)).all()


def suggestions(session: Session, place: str) -> list[Suggestion]:
    """Names of the register that are like the place, the likest first; for a person to choose, never to be taken."""
    by_name: dict[str, Suggestion] = {}
    for point in session.scalars(select(Point).order_by(Point.point)):
        for text in _names(point):
            known = by_name.get(bare(text))
            points = (*(known.points if known else ()), point.point)
            by_name[bare(text)] = Suggestion(known.text if known else text, likeness_percent(place, text), points)
    for camera in session.scalars(select(Camera.camera)):
        by_name.setdefault(bare(camera), Suggestion(camera, likeness_percent(place, camera), (), camera))
    near = [each for each in by_name.values() if each.likeness_percent > ENOUGH_PERCENT]
    return sorted(near, key=lambda each: (-each.likeness_percent, each.text))[:MOST_SUGGESTIONS]


def placements_of(session: Session, camera: str, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[Placement]:
    """Where the camera stood during [from, to), in the order of time."""
    return session.scalars(
        select(Placement)
        .where(Placement.camera == camera, *_during(from_utc_us, to_utc_us))
        .order_by(Placement.from_utc_us, Placement.placement)
    ).all()


def last_placement(session: Session, camera: str) -> Placement | None:
    """The placement of the camera that began last, whether it stands there still or not."""
    newest_first = (Placement.from_utc_us.desc(), Placement.placement.desc())
    return session.scalar(select(Placement).where(Placement.camera == camera).order_by(*newest_first).limit(1))


def describe(point: Point) -> str:
    """The point in words, for people: number, address, view."""
    return ", ".join(text for text in (f"point {point.number}", point.address, point.view) if text)


def matches(place: str, point: Point) -> tuple[str, ...] | None:
    """By which of its texts the point is meant; None when it is not. Its number, id and district are no text."""
    texts = [text for text in (point.address, point.streets) if text]
    names = [name for name in (point.point, point.number, point.district) if name]
    for way in meaning(place):
        if all(any(is_in(part, text) for text in texts) for part in way):
            parts = [text for text in (point.address, *streets(point.streets)) if text]
            return tuple(dict.fromkeys(text for text in parts if any(is_in(part, text) for part in way))) or (*texts,)
    return () if any(is_name(place, name) for name in names) else None


def is_at(place: str, point: Point) -> bool:
    """Whether these words mean the point."""
    return matches(place, point) is not None


def _during(from_utc_us: UtcUs, to_utc_us: UtcUs) -> tuple[ColumnElement[bool], ...]:
    return (
        Placement.from_utc_us < to_utc_us,
        or_(Placement.to_utc_us.is_(None), Placement.to_utc_us > from_utc_us),
    )


def _names(point: Point) -> list[str]:
    texts = (point.address, *streets(point.streets), point.district)
    return list(dict.fromkeys(text for text in texts if text and bare(text)))
