"""The first address of a name, for datagrams."""

import ipaddress
import socket
from dataclasses import dataclass

from recorder.rtsp.connecting import unreachable


@dataclass(frozen=True, slots=True)
class Place:
    """An address with its port; `scope` is the interface of a link-local IPv6 address, 0 for any."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int
    scope: int

    @property
    def family(self) -> socket.AddressFamily:
        """Of the socket that reaches it."""
        return socket.AF_INET if self.address.version == 4 else socket.AF_INET6  # noqa: PLR2004 -- IPv4


def resolve(host: str, port: int) -> Place:
    """Where datagrams for this name go. It asks name servers, and blocks.

    Raises:
        CameraUnreachable: cause `unreachable`: there is no such name.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4]
    except (OSError, UnicodeError) as error:
        raise unreachable(error) from None
    _, _, *more = found
    return Place(ipaddress.ip_address(str(found[0]).partition("%")[0]), port, int(more[1]) if more else 0)
