"""How the recorders reach a camera's ONVIF services, from no more than its host."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from nvr.base.clock import Clock
from recorder.onvif.address import OnvifAddress, address_of, is_host_alone
from recorder.onvif.device import TIMEOUT_S, OnvifDevice
from recorder.onvif.discovery import PORT, locate
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

T = TypeVar("T")
U = TypeVar("U")

_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Reach:
    """How cameras are reached. `discovery_port` is WS-Discovery's, but for tests."""

    clock: Clock
    trust: Trust
    timeout_s: float = TIMEOUT_S
    locate_s: float = 1.0
    discovery_port: int = PORT

    async def device(self, named: str, credentials: Credentials | None, *, encrypted: bool = False) -> OnvifDevice:
        """The device at this address: a host alone is asked where its services are, and tried on port 80 else.

        With `encrypted` it is reached over TLS or not at all.

        Raises:
            CameraUnreachable: nobody answers there in ONVIF's words.
        """
        address = address_of(named)
        if is_host_alone(named):
            port = self.discovery_port
            told = await locate(address.host, self.clock, seconds=self.locate_s, port=port)
            # The name that was given stays: certificates and the camera's own address go by it.
            address = address if told is None else replace(told, host=address.host)
        return await self.connect(address.encrypted if encrypted else address, credentials)

    async def connect(self, address: OnvifAddress, credentials: Credentials | None) -> OnvifDevice:
        """The device whose service is here. Raises CameraUnreachable."""
        return await OnvifDevice.connect(
            address, credentials, clock=self.clock, trust=self.trust, timeout_s=self.timeout_s
        )


async def side_by_side(items: Sequence[T], work: Callable[[T], Awaitable[U]], *, at_once: int = _AT_ONCE) -> list[U]:
    """The results in the order of the items, so many at once."""
    turn = asyncio.Semaphore(at_once)

    async def one(item: T) -> U:
        async with turn:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))
