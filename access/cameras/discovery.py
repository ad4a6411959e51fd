"""Cameras looked for on a network: access says where and what is known, a recorder asks, since it has the network."""

import re
from ipaddress import IPv4Network, ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.ports import CameraFinder, Recorded
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from storage.register import tables
from storage.register.register import Register

DEFAULT_SECONDS: Final = 4
MOST_SECONDS: Final = 30
MOST_ADDRESSES: Final = 1024
"""A /22 network, which takes half a minute where nobody answers."""
_INTERFACE: Final = re.compile(r"[A-Za-z0-9._:@-]{1,15}")
"""IFNAMSIZ of Linux less its closing zero."""


class CameraDiscovery:
    """The act `camera.discover`."""

    def __init__(self, register: Register, finder: CameraFinder, clock: Clock) -> None:
        self._register = register
        self._finder = finder
        self._clock = clock

    async def run(self, person: Person, args: Arguments) -> Json:
        """The cameras that answer on a network or at addresses, and which of them the register has.

        Raises:
            Denied: `person` may not.
            InvalidValue: an address, a network or an interface is none, or there are too many addresses.
            Retryable: no recorder answers.
        """
        interface = args.optional_text("interface")
        networks = args.optional_names("networks")
        seconds = args.optional_integer("seconds", least=1, most=MOST_SECONDS) or DEFAULT_SECONDS
        args.done()
        demand(person, ActName.CAMERA_DISCOVER, NOTHING, self._clock.utc_us())
        if interface is not None and _INTERFACE.fullmatch(interface) is None:
            raise InvalidValue(field="interface", value=interface, expected="an interface, for example eth1")
        if interface is not None and networks is not None:
            raise InvalidValue(field="interface", value=interface, expected="either an interface or addresses")
        hosts = None if networks is None else addresses_of(networks)
        known = await self._register.read(_recorded)
        return list(await self._finder.discover(interface, hosts, known, seconds))


def addresses_of(networks: tuple[str, ...]) -> list[str]:
    """The addresses of these networks and hosts, each once, in their order. Raises InvalidValue."""
    hosts: dict[str, None] = {}
    for text in networks:
        try:
            network = ip_network(text.strip(), strict=False)
        except ValueError:
            network = None
        if not isinstance(network, IPv4Network):
            raise InvalidValue(field="networks", value=text[:64], expected="10.0.0.7 or 10.0.0.0/24")
        if network.num_addresses + len(hosts) > MOST_ADDRESSES + 2:
            raise InvalidValue(field="networks", value=text, expected=f"at most {MOST_ADDRESSES} addresses at once")
        hosts |= dict.fromkeys(str(host) for host in network.hosts())
    return list(hosts)


def _recorded(session: Session) -> list[Recorded]:
    rows = session.scalars(select(tables.Camera).where(tables.Camera.retired.is_(False)).order_by(tables.Camera.camera))
    return [Recorded(CameraId(row.camera), row.url, row.secret) for row in rows if row.url is not None]
