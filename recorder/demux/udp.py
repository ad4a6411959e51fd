"""MPEG-TS in datagrams, listened to or joined."""

import errno
import socket
import struct
from typing import Final

from recorder.demux.inputs import Datagrams
from recorder.demux.resolving import Place, resolve
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.connecting import unreachable

_BUFFER: Final = 2 << 20
"""Bytes; the kernel gives at most net.core.rmem_max."""
_MOST: Final = 1 << 16
"""Bytes of a datagram."""


class UdpInput(Datagrams):
    """What is sent to this address and port. A multicast address is joined, on the interface that the routes say."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        super().__init__()
        self._socket = _listening(resolve(host, port))
        self.wait_at_most(timeout_s)

    def receive(self) -> bytes:
        """The next datagram."""
        return self._socket.recv(_MOST)

    def wait_at_most(self, seconds: float) -> None:
        """See `Input`."""
        self._socket.settimeout(seconds)

    def close(self) -> None:
        """See `Input`."""
        self._socket.close()


def _listening(place: Place) -> socket.socket:
    """Raises CameraUnreachable: the address is not one of this machine, or is taken."""
    endpoint = socket.socket(place.family, socket.SOCK_DGRAM)
    address = place.address
    try:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if address.is_multicast:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # several may join
        if place.family is socket.AF_INET:
            endpoint.bind((str(address), place.port))
        else:
            endpoint.bind((str(address), place.port, 0, place.scope))
        if address.is_multicast and place.family is socket.AF_INET:
            endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, address.packed + bytes(4))
        elif address.is_multicast:
            interface = struct.pack("@I", place.scope)
            endpoint.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, address.packed + interface)
    except OSError as error:
        endpoint.close()
        if error.errno == errno.EADDRINUSE:
            raise CameraUnreachable(Cause.IN_USE) from None
        raise unreachable(error) from None
    return endpoint
