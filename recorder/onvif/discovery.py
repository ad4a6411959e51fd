"""WS-Discovery: a probe to the group on one network, or to addresses one by one, and what answers (WS-Discovery 1.0).

Whoever answers may say anything. So the host is the one that the answer came from; of the address that it names only
port and path are taken.
"""

import asyncio
import errno
import ipaddress
import socket
import struct
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from nvr.base.clock import Clock
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import OnvifAddress, address_of
from recorder.onvif.document import child, document, shown, text
from recorder.waiting import first_of

PORT: Final = 3702
GROUP: Final = "239.255.255.250"
MOST_ADDRESSES: Final = 1024
"""A /22 network: what is asked address by address."""
_MOST_ANSWERS: Final = 2048
_REPEAT_S: Final = 0.4
"""Datagrams get lost: each probe goes out again after this."""
_AT_ONCE: Final = 64
"""Probes of one burst: neighbours' addresses are asked for first, and few systems hold more open questions."""
_PAUSE_S: Final = 0.05
_SCOPES: Final = "onvif://www.onvif.org/"
_TYPES: Final = ("dn:NetworkVideoTransmitter", "tds:Device")
"""Some devices answer the one, some the other."""
_INTERFACE: Final = struct.Struct("4s4si")
"""struct ip_mreqn of ip(7)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered; make and model as it says without a login, empty where it does not."""

    address: OnvifAddress
    device: str
    """Its own lasting id, as a rule `urn:uuid:...`."""
    make: str
    model: str


def probe(types: str) -> bytes:
    """The question; a new one each time, as answers name it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
        f"<s:Header><a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>"
        f"<s:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def answers(data: bytes, host: str) -> list[Found]:
    """The devices that this answer, which came from `host`, tells of; none for what is no answer."""
    try:
        root = document(data, "probe-match")
    except CameraUnreachable:
        return []
    matches = child(root, "Body", "ProbeMatches")
    found = []
    for match in () if matches is None else matches.findall("ProbeMatch"):
        address = _place(text(match, "XAddrs").split(), host)
        if address is None:
            continue
        make, model = _make_and_model(text(match, "Scopes").split())
        device = shown(text(match, "EndpointReference", "Address"))
        found.append(Found(address=address, device=device, make=make, model=model))
    return found


async def discover(
    clock: Clock,
    *,
    seconds: float,
    interface: str | None = None,
    hosts: Iterable[str] | None = None,
    port: int = PORT,
) -> list[Found]:
    """Ask the group on the network of `interface` (None: where the machine's default route leads), or these hosts.

    By address, a device once however often it answers. It waits for so long, or until every host answered.

    Raises:
        CameraUnreachable: cause `unreachable`: there is no such interface, or nothing can be sent there.
    """
    endpoint = _socket(interface)
    loop = asyncio.get_running_loop()
    asked = [GROUP] if hosts is None else list(hosts)
    listening = _Listening(most=None if hosts is None else len(asked))
    transport, _ = await loop.create_datagram_endpoint(lambda: listening, sock=endpoint)
    try:
        await first_of(_send(transport, asked, port, clock, seconds), listening.answered())
    finally:
        transport.close()
    found, refused = listening.found, listening.refused
    if hosts is None and not found and refused is not None:
        raise CameraUnreachable(Cause.UNREACHABLE, interface=interface, errno=refused.errno)
    return [found[key] for key in sorted(found, key=_order)]


async def locate(host: str, clock: Clock, *, seconds: float = 1.0, port: int = PORT) -> OnvifAddress | None:
    """Where this one device says that its services are; None when it does not answer, as many do not."""
    loop = asyncio.get_running_loop()
    try:
        resolved = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        found = await discover(clock, seconds=seconds, hosts=[str(resolved[0][4][0])], port=port)
    except (OSError, CameraUnreachable):
        return None
    return found[0].address if found else None


class _Listening(asyncio.DatagramProtocol):
    """Keeps who answered; `most` is how many hosts can."""

    def __init__(self, *, most: int | None) -> None:
        self.found: dict[str, Found] = {}
        self._all_answered = asyncio.Event()
        self.refused: OSError | None = None
        self._most = most
        self._hosts: set[str] = set()

    async def answered(self) -> None:
        """Until every host did."""
        await self._all_answered.wait()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for each in answers(data, addr[0]):
            if len(self.found) < _MOST_ANSWERS:
                self.found.setdefault(f"{each.address.host} {each.address.port}", each)
                self._hosts.add(addr[0])
        if len(self._hosts) == self._most:
            self._all_answered.set()

    def error_received(self, exc: Exception) -> None:
        """The kernel sends nothing there; or a host refused a datagram, so that nobody is there, which is no news."""
        if isinstance(exc, OSError) and exc.errno != errno.ECONNREFUSED:
            self.refused = exc


def _socket(interface: str | None) -> socket.socket:
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        if interface is not None:
            chosen = _INTERFACE.pack(bytes(4), bytes(4), socket.if_nametoindex(interface))
            endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
        endpoint.bind(("", 0))
    except OSError as error:
        endpoint.close()
        raise CameraUnreachable(Cause.UNREACHABLE, interface=interface, errno=error.errno) from None
    return endpoint


async def _send(
    transport: asyncio.DatagramTransport, hosts: list[str], port: int, clock: Clock, seconds: float
) -> None:
    """Ask each of them twice, then wait for so long."""
    for _ in range(2):
        for begin in range(0, len(hosts), _AT_ONCE):
            for host in hosts[begin : begin + _AT_ONCE]:
                for types in _TYPES:
                    transport.sendto(probe(types), (host, port))
            await clock.sleep(_PAUSE_S)
        await clock.sleep(_REPEAT_S)
    await clock.sleep(seconds)


def _place(xaddrs: list[str], host: str) -> OnvifAddress | None:
    """Where the services are, on the host that answered: the address that names it, else the first that is one."""
    addresses = []
    for xaddr in xaddrs:
        try:
            addresses.append(address_of(xaddr))
        except CameraUnreachable:
            continue  # link-local and other addresses stand beside the good one
    chosen = next((each for each in addresses if each.host == host), addresses[0] if addresses else None)
    return None if chosen is None else OnvifAddress(host, chosen.port, chosen.tls, chosen.path)


def _make_and_model(scopes: list[str]) -> tuple[str, str]:
    """The name is as a rule `Make Model`, the hardware the model."""
    told: Mapping[str, str] = {}
    for scope in scopes:
        name, slash, value = scope.removeprefix(_SCOPES).partition("/")
        if scope.startswith(_SCOPES) and slash:
            told = {name.lower(): shown(unquote(value)), **told}
    name, model = told.get("name", ""), told.get("hardware", "")
    make = told.get("manufacturer") or told.get("mfr") or name
    if model and make.lower().endswith(model.lower()):
        make = make[: -len(model)].strip(" -_")
    return make, model or name.removeprefix(make).strip()


def _order(key: str) -> tuple[int, int]:
    host, _, port = key.partition(" ")
    return int(ipaddress.IPv4Address(host)), int(port)
