"""From a place, as a requisition names it, to the cameras that stood there."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.register.tables import Placement, Point

_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


def cameras_at(session: Session, place: str, from_utc_us: UtcUs, to_utc_us: UtcUs) -> list[CameraId]:
    """The cameras that stood at the place at any time of [from, to), sorted; none when nobody knows the place.

    A place is a point's id or number, or words of its address or of a street that it covers.
    """
    points = [point.point for point in session.scalars(select(Point)) if is_at(place, point)]
    found = session.scalars(
        select(Placement.camera).where(Placement.point.in_(points), *_during(from_utc_us, to_utc_us))
    )
    return sorted({CameraId(camera) for camera in found})


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


def is_at(place: str, point: Point) -> bool:
    """Whether these words mean the point: case, accents and punctuation do not matter, whole words do."""
    words = _words(place)
    if words in (_words(point.point), _words(point.number)):
        return True
    return bool(words) and any(f" {words} " in f" {_words(text)} " for text in (point.address, point.streets) if text)


def _during(from_utc_us: UtcUs, to_utc_us: UtcUs) -> tuple[ColumnElement[bool], ...]:
    return (
        Placement.from_utc_us < to_utc_us,
        or_(Placement.to_utc_us.is_(None), Placement.to_utc_us > from_utc_us),
    )


def _words(text: str) -> str:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _NO_WORD.sub(" ", bare.casefold()).strip()
