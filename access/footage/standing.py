"""Which cameras covered a place at a time, and where each stood; or who stands there at another time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy.orm import Session

from access.cameras.places import placements_at, placements_of, points_at, suggestions
from access.footage.coverage import Fate, Part
from config.ptz import parse_ptz
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.register import tables
from storage.snapshot import CameraKind

MOST_ELSEWHEN: Final = 50

_OF_POINT: Final = ("point", "number", "address", "district", "view")


class NoCameraThere(InvalidValue):
    """No camera stood at the place then; `near` are names that are like it, `there` who stood there at another time."""

    message_id = "no-camera-there"

    def __init__(self, place: str | None, nobody: Mapping[str, Any]) -> None:
        super().__init__(field="place", value=place, expected="a place with a camera at that time")
        near = [one["text"] for one in nobody["suggestions"]]
        there = dict.fromkeys(one["camera"] for one in nobody["elsewhen"])
        self.fields = {**self.fields, "near": ", ".join(near) or None, "there": ", ".join(there) or None}


def placements(
    session: Session, camera: str, meant: Mapping[str, Sequence[str]], from_utc_us: UtcUs, to_utc_us: UtcUs
) -> list[dict[str, Any]]:
    """Where the camera stood in [from, to): the point in words, from when to when, and whether that was entered later.

    `meant`: what `points_at` gave. `matched`: the address or streets by which this point was; null where it was not.
    """
    return [
        {
            **_of_point(session, row),
            "matched": list(meant[row.point]) if row.point in meant else None,
            "from_utc_us": row.from_utc_us,
            "to_utc_us": row.to_utc_us,
            "entered_late": row.entered_late,
        }
        for row in placements_of(session, camera, from_utc_us, to_utc_us)
    ]


def recorded_at_us(found: Sequence[Part], placement: Mapping[str, Any]) -> int:
    """How much footage there is of the time of this placement."""
    end = placement["to_utc_us"]
    return sum(
        max(
            0,
            min(part.to_utc_us, part.to_utc_us if end is None else end)
            - max(part.from_utc_us, placement["from_utc_us"]),
        )
        for part in found
        if part.fate is Fate.RECORDED
    )


def looked(camera: tables.Camera) -> Json:
    """What may be said of where a dome looked: its positions are sealed with the pictures (docs/design/domes.md).

    `expected` are the presets at which it is to stand, by name; none: nobody told. `moves`: when it was elsewhere; null
    while the index can not be read. Null for one that does not turn.
    """
    if camera.ptz is None and camera.kind != CameraKind.DOME:
        return None
    setting = None if camera.ptz is None else parse_ptz(camera.ptz)
    return {
        "positions": "not asked" if setting is None else "sealed",
        "expected": [] if setting is None else list(setting.expected),
        "moves": None,
    }


def nobody_there(
    session: Session, place: str, from_utc_us: UtcUs, to_utc_us: UtcUs, now_utc_us: UtcUs
) -> dict[str, Json]:
    """Of a place's points without a camera in [from, to): `elsewhen`, who stands there `now`, or stood `before`.

    `suggestions`: names that are like the place, where it means no point and no camera at all.
    """
    points = points_at(session, place)
    rows = placements_at(session, points)
    then = {row.point for row in rows if _overlaps(row, from_utc_us, to_utc_us)}
    other = [row for row in rows if row.point not in then and row.from_utc_us != row.to_utc_us]
    near = [] if points else suggestions(session, place)
    return {
        "elsewhen": [
            {
                "camera": row.camera,
                **_of_point(session, row),
                "when": _when(row, from_utc_us, now_utc_us),
                "from_utc_us": row.from_utc_us,
                "to_utc_us": row.to_utc_us,
            }
            for row in other[-MOST_ELSEWHEN:]
        ],
        "suggestions": [asdict(one) for one in near],
    }


def _when(row: tables.Placement, from_utc_us: UtcUs, now_utc_us: UtcUs) -> str:
    if _overlaps(row, now_utc_us, UtcUs(now_utc_us + 1)):
        return "now"
    return "before" if row.from_utc_us < from_utc_us else "after"


def _overlaps(row: tables.Placement, from_utc_us: int, to_utc_us: int) -> bool:
    return row.from_utc_us < to_utc_us and (row.to_utc_us is None or row.to_utc_us > from_utc_us)


def _of_point(session: Session, row: tables.Placement) -> dict[str, Any]:
    point = session.get_one(tables.Point, row.point)
    return {name: getattr(point, name) for name in _OF_POINT}
