"""Which cameras there are on a network, and which of them are recorded: the answer of the call `discover`."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nvr.base.errors import NvrError
from nvr.base.jcs import Json
from recorder.errors import CameraUnreachable
from recorder.onvif.address import OnvifAddress, host_of, is_encrypted
from recorder.onvif.device import Information
from recorder.onvif.discovery import Found, discover
from recorder.onvif.reach import Reach, side_by_side
from recorder.rtsp.auth import Credentials

_KNOCK_S: Final = 2.0
"""For an address that answered no probe: on a town's network a camera answers within this, or is none."""
_KNOCKS_AT_ONCE: Final = 64
"""A network of 1024 addresses where nobody is takes half a minute."""
_RESOLVE_S: Final = 3.0
_NOBODY: Final = Information(make="", model="", firmware="", serial="")


@dataclass(frozen=True, slots=True)
class Known:
    """A camera that is recorded: its address, and the name of its login."""

    camera: str
    url: str
    secret: str | None


async def find(
    reach: Reach,
    secrets: Callable[[str], tuple[str, str]],
    *,
    seconds: float,
    interface: str | None,
    hosts: Sequence[str] | None,
    known: Iterable[Known],
) -> list[dict[str, Json]]:
    """The answer of the call `discover`, in the order of addresses.

    A camera that is known is asked with its login for what else it is; any other is asked without one, and says so
    much as it likes.

    Raises:
        CameraUnreachable: nothing can be sent on this network.
    """
    found = await discover(reach.clock, seconds=seconds, interface=interface, hosts=hosts, port=reach.discovery_port)
    if hosts is not None:
        silent = [host for host in hosts if host not in {each.address.host for each in found}]
        knocked = await side_by_side(silent, lambda host: _knock(reach, host), at_once=_KNOCKS_AT_ONCE)
        found += [each for each in knocked if each is not None]
    by_host = await _by_address(known)

    async def tell(each: Found) -> dict[str, Json]:
        cameras = by_host.get(each.address.host, [])
        information, cause = await _information(reach, each.address, _login(cameras, each.address, secrets))
        return {
            "address": each.address.authority if not each.address.tls else f"https://{each.address.authority}",
            "host": each.address.host,
            "make": information.make or each.make,
            "model": information.model or each.model,
            "firmware": information.firmware,
            "serial": information.serial,
            "cameras": [camera.camera for camera in cameras],
            "cause": cause,
        }

    return await side_by_side(found, tell)


async def _knock(reach: Reach, host: str) -> Found | None:
    """Whether ONVIF answers on port 80 there: some cameras have discovery switched off."""
    try:
        device = await replace(reach, timeout_s=_KNOCK_S).connect(OnvifAddress(host), None)
    except CameraUnreachable:
        return None
    return Found(address=device.address, device="", make="", model="")


async def _information(
    reach: Reach, address: OnvifAddress, credentials: Credentials | None
) -> tuple[Information, str | None]:
    try:
        device = await reach.connect(address, credentials)
        return await device.information(), None
    except CameraUnreachable as error:
        return _NOBODY, error.cause.value


def _login(
    cameras: Sequence[Known], address: OnvifAddress, secrets: Callable[[str], tuple[str, str]]
) -> Credentials | None:
    """Of the first that has one and may send it there: in clear only where it is so on the way to the stream.

    None too where it is not in the file any more, which `camera test` tells.
    """
    fit = (camera for camera in cameras if address.tls or not is_encrypted(camera.url))
    name = next((camera.secret for camera in fit if camera.secret is not None), None)
    if name is None:
        return None
    try:
        return Credentials(*secrets(name))
    except (LookupError, NvrError):
        return None


async def _by_address(known: Iterable[Known]) -> Mapping[str, list[Known]]:
    """The cameras that are known, by IP address: names are asked for. Inputs of one encoder share an address."""
    loop = asyncio.get_running_loop()

    async def addresses(camera: Known) -> set[str]:
        try:
            async with asyncio.timeout(_RESOLVE_S):
                told = await loop.getaddrinfo(host_of(camera.url), None, family=socket.AF_INET, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return set()
        return {str(answer[4][0]) for answer in told}

    cameras = [camera for camera in known if host_of(camera.url)]
    by_address: dict[str, list[Known]] = {}
    for camera, told in zip(cameras, await side_by_side(cameras, addresses), strict=True):
        for address in told:
            by_address.setdefault(address, []).append(camera)
    return by_address
