"""Placing a hold, by itself or with a requisition: what is asked for, and what is said where it is a large one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.footage_rows import overlap_lines
from nvr.app.cli.person import Person, require
from nvr.app.cli.times import show_instant
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say

_BELOW: Final = frozenset({"overlaps", "overlaps_in_all", "duplicate_of", "suggestions", "elsewhen"})
"""Said in sentences under the answer."""


def scope_of(
    person: Person, cameras: Sequence[str] | None, place: str | None, begin: str, end: str
) -> dict[str, object]:
    """The arguments that say which footage is meant. Raises InvalidValue: no cameras and no place, or no instant."""
    if not cameras:
        require("--camera or --place", place)
    return {
        "cameras": cameras or None,
        "place": place,
        "from_utc_us": person.instant("--from", begin),
        "to_utc_us": person.instant("--to", end),
    }


def write_placed(answer: Mapping[str, Any], zone: ZoneInfo, *, as_json: bool) -> None:
    """The answer, and below it who asked for the same before, and names that are like a place that nobody knows."""
    shown = answer if as_json else {key: value for key, value in answer.items() if key not in _BELOW}
    write_answer(shown, as_json=as_json, zone=zone)
    if not as_json:
        for line in overlap_lines(answer, zone):
            typer.echo("\n" + line)


def write_provisional(hold: str, until_utc_us: int, room: Mapping[str, int], zone: ZoneInfo) -> None:
    """Say it below the answer. `room` as `storage.ledger.people.RoomKept`."""
    shares = {name.removesuffix("_permille"): show_number(value / 10, LANGUAGE, 1) for name, value in room.items()}
    typer.echo("\n" + say("hold-provisional", hold=hold, until=show_instant(until_utc_us, zone), **shares))
