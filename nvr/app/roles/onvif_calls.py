"""The recorder's calls about cameras over ONVIF: `discover` and `lookup` (docs/design/processes.md "Sockets")."""

from collections.abc import Callable, Mapping
from typing import Any

from nvr.app.call_args import list_of, number_of, objects_of, optional_number_of, text_of
from nvr.base.errors import InvalidValue
from nvr.base.wire import Handler
from recorder.errors import CameraUnreachable
from recorder.onvif.finding import Known, find
from recorder.onvif.lookup import Wanted, look_up
from recorder.onvif.reach import Reach
from recorder.rtsp.auth import Credentials


def onvif_handlers(reach: Reach, secrets: Callable[[str], tuple[str, str]]) -> Mapping[str, Handler]:
    """Handlers by the name of the call. Each raises InvalidValue for arguments that are not as the page says."""

    async def discover(args: dict[str, Any]) -> object:
        known = [
            Known(text_of(each, "camera"), text_of(each, "url"), _optional_text(each, "secret"))
            for each in objects_of(args, "known")
        ]
        seconds, interface = number_of(args, "seconds"), _optional_text(args, "interface")
        hosts = None if args.get("hosts") is None else [str(host) for host in list_of(args, "hosts")]
        try:
            return await find(reach, secrets, seconds=seconds, interface=interface, hosts=hosts, known=known)
        except CameraUnreachable:
            expected = "a network interface of this server that is up, or addresses"
            raise InvalidValue(field="interface", value=interface, expected=expected) from None

    async def lookup(args: dict[str, Any]) -> object:
        return await look_up(reach, [_wanted(each) for each in objects_of(args, "cameras")])

    return {"discover": discover, "lookup": lookup}


def _wanted(each: dict[str, Any]) -> Wanted:
    user = _optional_text(each, "user")
    login = None if user is None else Credentials(user, text_of(each, "password"))
    channel = optional_number_of(each, "channel")
    if channel == 0:
        raise InvalidValue(field="channel", value=0, expected="from 1 on")
    return Wanted(text_of(each, "address"), channel or 1, login)


def _optional_text(args: Mapping[str, Any], field: str) -> str | None:
    return None if args.get(field) is None else text_of(args, field)
