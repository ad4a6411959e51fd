"""The keeper's calls about checks of the footage (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nvr.app.call_args import cameras_of, list_of, number_of, optional_number_of, text_of
from nvr.base.errors import InvalidValue
from nvr.base.wire import Handler
from storage.inspection import Depth
from storage.keeping.check_mark import Request
from storage.keeping.keeper import Keeper
from storage.reconcile import Scope
from storage.volume import VolumeId


def check_handlers(keeper: Keeper) -> dict[str, Handler]:
    """Handlers by the name of the call. Each raises InvalidValue for arguments that are not as the page says."""
    checking = keeper.checking

    async def check_plan(args: dict[str, Any]) -> object:
        return asdict(await checking.plan(_request(args), _rate(args), anew=_flag(args, "anew")))

    async def check(args: dict[str, Any]) -> object:
        await checking.begin(_request(args), _rate(args), anew=_flag(args, "anew"))
        return {}

    async def check_state(_: dict[str, Any]) -> object:
        return checking.state

    async def check_stop(_: dict[str, Any]) -> object:
        checking.stop()
        return {}

    async def damaged(_: dict[str, Any]) -> object:
        found = await keeper.damaged()
        names = ("seg", "camera", "start_utc_us", "end_utc_us", "damaged_utc_us", "damaged_why")
        return [{name: getattr(row, name) for name in names} | {"held": is_held} for row, is_held in found]

    handlers = (check_plan, check, check_state, check_stop, damaged)
    return {handler.__name__: handler for handler in handlers}


def _request(args: Mapping[str, Any]) -> Request:
    depth = text_of(args, "depth")
    if depth not in tuple(Depth):
        raise InvalidValue(field="depth", value=depth, expected=", ".join(Depth))
    scope = Scope(frozenset(cameras_of(args)), optional_number_of(args, "since_utc_us") or 0)
    return Request(Depth(depth), scope, frozenset(VolumeId(str(name)) for name in list_of(args, "volumes")))


def _rate(args: Mapping[str, Any]) -> int | None:
    return number_of(args, "bytes_per_second") or None


def _flag(args: Mapping[str, Any], field: str) -> bool:
    value = args.get(field)
    if not isinstance(value, bool):
        raise InvalidValue(field=field, value="", expected="true or false")
    return value
