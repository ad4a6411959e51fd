"""A simulated camera's answer to WS-Discovery: to probes sent to its own address, and to the group if it joins."""

import asyncio
import re
import socket
import struct
import uuid
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from nvr.sim.onvif.camera import OnvifCamera

PORT: Final = 3702
GROUP: Final = "239.255.255.250"
_MESSAGE_ID: Final = re.compile(rb"<[^>]*MessageID[^>]*>\s*([^<\s]+)\s*<")
_HARDLY_A_PROBE: Final = b"Probe"


class Answering(asyncio.DatagramProtocol):
    """Answers probes for one camera whose device service is at `xaddr`; `async with` starts and stops it.

    `host` is the address that it answers on; with `joins`, the group too, on the interface of that address. `probes`
    counts what came.
    """

    def __init__(
        self, camera: OnvifCamera, xaddr: str, *, host: str = "127.0.0.1", port: int = PORT, joins: bool = False
    ) -> None:
        self.probes = 0
        self._camera = camera
        self._xaddr = xaddr
        self._host = host
        self._port = port
        self._joins = joins
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Of UDP; before the start, the one asked for."""
        return self._port

    async def __aenter__(self) -> Self:
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is sent to the group reaches only sockets that are bound to it, or to everything.
        endpoint.bind(("" if self._joins else self._host, self._port))
        if self._joins:
            membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(self._host))
            endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self._port = endpoint.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a probe; be odd if the camera is."""
        if _HARDLY_A_PROBE not in data or self._transport is None:
            return
        self.probes += 1
        match self._camera.oddity:
            case "silent":
                return
            case "no-xml":
                self._transport.sendto(b"\x00\xff{}", addr)
            case "html":
                self._transport.sendto(b"<html><body>hello</body></html>", addr)
            case "entities":
                self._transport.sendto(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', addr)
            case _:
                asked = _MESSAGE_ID.search(data)
                self._transport.sendto(self._match(asked[1].decode() if asked else ""), addr)

    def _match(self, relates_to: str) -> bytes:
        camera = self._camera
        scopes = [
            "onvif://www.onvif.org/Profile/Streaming",
            f"onvif://www.onvif.org/name/{quote(f'{camera.make} {camera.model}')}",
            f"onvif://www.onvif.org/hardware/{quote(camera.model)}",
            *camera.scopes,
        ]
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
            'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
            f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{relates_to}</a:RelatesTo>"
            "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header><s:Body>"
            f"<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{camera.uuid}</a:Address>"
            "</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>"
            f"<d:Scopes>{' '.join(scopes)}</d:Scopes><d:XAddrs>{self._xaddr}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()
