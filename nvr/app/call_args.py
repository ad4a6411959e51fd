"""The arguments of a call between roles, each checked; every function raises InvalidValue, which names the field."""

from collections.abc import Mapping
from typing import Any

from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, camera_id
from nvr.base.units import MAX_PERSISTED_INT


def text_of(args: Mapping[str, Any], field: str) -> str:
    """A text."""
    value = args.get(field)
    if not isinstance(value, str):
        raise InvalidValue(field=field, value="", expected="a string")
    return value


def number_of(args: Mapping[str, Any], field: str) -> int:
    """An integer that is not negative and can be stored."""
    value = args.get(field)
    if type(value) is not int or not 0 <= value <= MAX_PERSISTED_INT:
        raise InvalidValue(field=field, value="", expected="an integer from 0 on")
    return value


def optional_number_of(args: Mapping[str, Any], field: str) -> int | None:
    """The same; None when it is absent or null."""
    return None if args.get(field) is None else number_of(args, field)


def list_of(args: Mapping[str, Any], field: str) -> list[Any]:
    """A list of whatever."""
    value = args.get(field)
    if not isinstance(value, list):
        raise InvalidValue(field=field, value="", expected="a list")
    return value


def objects_of(args: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """A list of objects."""
    value = list_of(args, field)
    if not all(isinstance(item, dict) for item in value):
        raise InvalidValue(field=field, value="", expected="a list of objects")
    return value


def cameras_of(args: Mapping[str, Any]) -> list[CameraId]:
    """The list `cameras`."""
    return [camera_id(str(camera)) for camera in list_of(args, "cameras")]
