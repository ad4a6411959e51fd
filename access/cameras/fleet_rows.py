"""Rows of a list of cameras, as JSON brings them: each value checked, every fault kept with its row and field."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from access.arguments import HIDDEN, Arguments
from access.cameras.ptz import PtzArgs
from access.cameras.values import days_of, kind_of, login_of, optional_point_of, url_of
from config.secrets import Login
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, PointId, camera_id
from nvr.base.jcs import Json
from storage.ledger import people
from storage.snapshot import CameraKind

T = TypeVar("T")

PLACE_FIELDS: Final = ("number", "district", "address", "streets", "view", "lat_e7", "lon_e7")
"""What a row may say of its point."""
_QUARTER_E7: Final = 900_000_000
"""90 degrees, times 10**7."""
_SECRET: Final = frozenset({"url", "user", "password", "ptz_address"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value; `why` is `value` where the value itself is not acceptable."""

    row: int
    field: str
    value: object
    why: str = "value"
    expected: str = ""

    def to_json(self) -> dict[str, Json]:
        """As the act answers it."""
        value = HIDDEN if self.field in _SECRET else None if self.value is None else str(self.value)
        return {"row": self.row, "field": self.field, "value": value, "why": self.why, "expected": self.expected}


@dataclass(frozen=True, slots=True)
class Row:
    """One camera of the list. `place` describes its point, where the row does."""

    number: int
    camera: CameraId
    url: str
    login: Login | None
    point: PointId | None
    days: int | None
    kind: CameraKind | None
    ptz: str | None
    place: people.Point | None


def take_rows(given: Sequence[Mapping[str, object]]) -> tuple[list[Row], list[Fault]]:
    """The rows that are whole, and the faults of the others; a name that comes twice is a fault of the later row."""
    rows: list[Row] = []
    faults: list[Fault] = []
    first_rows: dict[str, int] = {}
    for index, values in enumerate(given, start=1):
        row = _Taking(index, values).row(faults)
        if row is None:
            continue
        if (first := first_rows.setdefault(row.camera, row.number)) != row.number:
            faults.append(Fault(row.number, "camera", row.camera, "twice", f"another name than in row {first}"))
            continue
        rows.append(row)
    return rows, faults


class _Taking:
    """Takes the values of one row, and notes what is wrong with each."""

    def __init__(self, index: int, values: Mapping[str, object]) -> None:
        number = values.get("row")
        self._number = number if isinstance(number, int) else index
        self._args = Arguments({key: value for key, value in values.items() if key != "row"})
        self._faults: list[Fault] = []

    def row(self, faults: list[Fault]) -> Row | None:
        """The row; None when it has faults, which are added to the others."""
        args = self._args
        camera = self._value(lambda: camera_id(args.text("camera")))
        url = self._value(lambda: url_of(args))
        login = self._value(lambda: login_of(args, url))
        point = self._value(lambda: optional_point_of(args))
        days = self._value(lambda: days_of(args))
        kind = self._value(lambda: kind_of(args))
        ptz = self._value(lambda: PtzArgs.take(args).setting(url or ""))
        place = self._value(lambda: self._place(point))
        self._value(args.done)
        faults += self._faults
        if self._faults or camera is None or url is None:
            return None
        return Row(self._number, camera, url, login, point, days, kind, ptz, place)

    def _place(self, point: PointId | None) -> people.Point | None:
        args = self._args
        number = self._value(lambda: args.optional_text("number", most=100))
        district, address, streets, view = (
            self._value(partial(args.optional_text, name)) for name in ("district", "address", "streets", "view")
        )
        lat = self._value(lambda: args.optional_integer("lat_e7", least=-_QUARTER_E7, most=_QUARTER_E7))
        lon = self._value(lambda: args.optional_integer("lon_e7", least=-2 * _QUARTER_E7, most=2 * _QUARTER_E7))
        if all(value is None for value in (number, district, address, streets, view, lat, lon)):
            return None
        if point is None:
            raise InvalidValue(field="point", value=None, expected="the id of the point that the row describes")
        if number is None:
            raise InvalidValue(field="number", value=None, expected="the number of the point in the prefect's order")
        return people.Point(
            point=point,
            number=number,
            district=district,
            address=address,
            streets=streets,
            view=view,
            lat_e7=lat,
            lon_e7=lon,
        )

    def _value(self, take: Callable[[], T]) -> T | None:
        try:
            return take()
        except InvalidValue as error:
            fields = error.fields
            self._faults.append(Fault(self._number, error.field, fields["value"], expected=str(fields["expected"])))
            return None
