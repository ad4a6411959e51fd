"""From the cells of a list to the rows of the act `camera.import`; what can not be read is kept as a fault."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from nvr.app.fleet_file.columns import KINDS, column_of, plain
from nvr.app.makes import authority, make_named, url_for
from nvr.base.errors import InvalidValue

_COMMENT: Final = "#"
_DEGREES_E7: Final = 10_000_000
_LIST: Final = re.compile(r"[,;|]")
"""Between the names of a cell that holds several."""
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,5}")
_PLACE: Final = re.compile(r"(https?://[^@\s]+|[A-Za-z0-9.-]+:[0-9]{1,5})")
"""Where ONVIF answers on another port than usual."""
CONNECTION: Final = ("make", "host", "port", "channel")
"""What a URL is made of."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with a cell; `why` is `value`, or names the rule. `row` counts from 1, as the spreadsheet does."""

    row: int
    field: str
    value: str
    why: str = "value"


@dataclass(slots=True)
class FleetList:
    """What the file says: rows for the act, faults, and the heading that each field has in this file.

    A row with a fault is there without the value that can not be read, so that the act finds what else is wrong.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)


def fleet_list(table: Sequence[Sequence[str]]) -> FleetList:
    """The list in the table. Its first row of words has the headings; rows that are empty or begin with # are passed.

    Headings that nobody knows, or that come twice, are faults: a misspelt one would lose its column in silence.
    """
    result = FleetList()
    rows = [(number, cells) for number, cells in enumerate(table, start=1) if _says(cells)]
    if not rows:
        result.faults.append(CellFault(1, "camera", "", "no-heading"))
        return result
    header, *lines = rows
    columns = _columns(*header, result)
    for number, cells in lines:
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if name is not None and cell}
        result.rows.append(_row(number, values, result.faults))
    return result


def _says(cells: Sequence[str]) -> bool:
    return any(cells) and not cells[0].startswith(_COMMENT)


def _columns(number: int, headings: Sequence[str], result: FleetList) -> list[str | None]:
    columns: list[str | None] = []
    for heading in headings:
        column = column_of(heading)
        if column is None and heading:
            result.faults.append(CellFault(number, "heading", heading, "unknown-heading"))
        elif column in result.headings:
            result.faults.append(CellFault(number, "heading", heading, "heading-twice"))
        elif column is not None:
            result.headings[column] = heading
        columns.append(column)
    if "camera" not in result.headings:
        result.faults.append(CellFault(number, "camera", "", "no-heading"))
    return columns


def _row(number: int, values: dict[str, str], faults: list[CellFault]) -> dict[str, Any]:
    row: dict[str, Any] = {"row": number, **values}
    row.pop("note", None)
    for name in ("retention_days", "port", "channel"):
        if name in values:
            row[name] = _whole(values[name])
            if row[name] is None:
                faults.append(CellFault(number, name, values[name]))
    for name in ("lat_e7", "lon_e7"):
        if name in values:
            row[name] = _degrees_e7(values[name])
            if row[name] is None:
                faults.append(CellFault(number, name, values[name]))
    if "kind" in values:
        row["kind"] = KINDS.get(plain(values["kind"]), values["kind"])
    if "ptz" in values:
        row["ptz"] = values["ptz"].lower()
    if "ptz_expect" in values:
        row["ptz_expect"] = [name for each in _LIST.split(values["ptz_expect"]) if (name := each.strip())]
    _name_point(row)
    _connect(row, faults)
    return row


def _name_point(row: dict[str, Any]) -> None:
    """A point is known by its id or its number: a list that has one of them means the other by it too."""
    describes = any(name in row for name in ("address", "streets", "view", "district", "lat_e7", "lon_e7"))
    if "point" not in row and "number" in row:
        row["point"] = row["number"].lower()
    elif "number" not in row and "point" in row and describes:
        row["number"] = row["point"]


def _connect(row: dict[str, Any], faults: list[CellFault]) -> None:
    """A URL, or what one is made of, or a host that is asked for it: one of them."""
    given: dict[str, Any] = {name: row.pop(name) for name in CONNECTION if name in row}
    number = row["row"]
    if "url" in row and given:
        faults.append(CellFault(number, "url", "", "url-and-make"))
    elif "url" not in row and "host" not in given:
        faults.append(CellFault(number, "host" if given else "url", "", "no-url"))
    elif "url" not in row and "make" not in given:
        _ask_host(row, given, faults)
    elif "url" not in row:
        _make_url(row, given, faults)


def _ask_host(row: dict[str, Any], given: Mapping[str, Any], faults: list[CellFault]) -> None:
    """The camera names its stream itself; `HOST:PORT` is where its ONVIF answers."""
    host = given["host"]
    if "port" in given:
        faults.append(CellFault(row["row"], "port", str(given["port"] or ""), "port-alone"))
    try:
        row["host"] = host if _PLACE.fullmatch(host) else authority(host)
    except InvalidValue:
        faults.append(CellFault(row["row"], "host", host))
    if given.get("channel") is not None:
        row["channel"] = given["channel"]


def _make_url(row: dict[str, Any], given: Mapping[str, Any], faults: list[CellFault]) -> None:
    """The URL of the make; make and host are looked at each for itself, so that both are told."""
    make, host, more = given["make"], given["host"], {key: given[key] for key in ("port", "channel") if key in given}
    wrong = []
    for check in (partial(make_named, make), partial(authority, host)):
        try:
            check()
        except InvalidValue as error:
            wrong.append(error)
    try:
        row["url"] = None if wrong else url_for(make, host, **more)
    except InvalidValue as error:
        wrong.append(error)
    faults += [CellFault(row["row"], error.field, str(error.fields["value"])) for error in wrong]


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _degrees_e7(text: str) -> int | None:
    """Degrees, with a point or, as in French, a comma."""
    try:
        return round(float(text.replace(",", ".")) * _DEGREES_E7)
    except (ValueError, OverflowError):
        return None
