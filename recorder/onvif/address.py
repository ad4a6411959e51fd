"""Where a camera's ONVIF services are: host and port as we reach them, whatever the camera says of itself."""

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from recorder.errors import garbage

DEVICE_PATH: Final = "/onvif/device_service"
"""Of the device service on every ONVIF device (Core Specification section 5.1.1)."""
_PORTS: Final = {"http": 80, "https": 443}
_ENCRYPTED: Final = frozenset({"rtsps", "https"})
_MAX_CHARS: Final = 1024
_TARGET: Final = re.compile(r"/[!-~]*")
_BARE_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._~-]+)?")


@dataclass(frozen=True, slots=True)
class OnvifAddress:
    """One service of a camera; the path never holds a user or a password of the address."""

    host: str
    port: int = 80
    tls: bool = False
    path: str = DEVICE_PATH

    def __repr__(self) -> str:
        """Host and port only: paths and queries of cameras may hold passwords."""
        return f"OnvifAddress({self.host}:{self.port})"

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL and in the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"

    @property
    def encrypted(self) -> "OnvifAddress":
        """Itself over TLS, or where that usually is."""
        return self if self.tls else replace(self, port=_PORTS["https"], tls=True)

    def service(self, xaddr: str) -> "OnvifAddress":
        """Where another service of the same camera is, from the XAddr that it gives.

        Behind a router that translates addresses, and after a move to another network, cameras name a host that is not
        the one we reach. So only the path is taken, and the port where the camera names itself as we do: nothing that
        it says sends a login to another host, or down from TLS.

        Raises:
            CameraUnreachable: cause `garbage`: this is no address.
        """
        named = address_of(xaddr)
        same = named.host == self.host and named.tls == self.tls
        return replace(self, path=named.path, port=named.port if same else self.port)


def host_of(url: str) -> str:
    """The host in a camera's address; empty for one that has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_encrypted(url: str) -> bool:
    """Whether the stream of this address is encrypted, so that its login must not go out in clear either."""
    return url.partition(":")[0].lower() in _ENCRYPTED


def is_host_alone(text: str) -> bool:
    """Whether this names a host and nothing of where on it the services are."""
    return "/" not in text and (_BARE_IPV6.fullmatch(text) is not None or ":" not in text.rpartition("]")[2])


def address_of(text: str) -> OnvifAddress:
    """The address of a device: `HOST`, `HOST:PORT`, or the URL of its device service. A login in it is dropped.

    Raises:
        CameraUnreachable: cause `garbage`.
    """
    text = text.strip()
    if len(text) > _MAX_CHARS or not text.isascii():
        raise garbage("onvif-address")
    if _BARE_IPV6.fullmatch(text):
        text = f"[{text}]"
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}{DEVICE_PATH}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise garbage("onvif-address") from None
    target = parts.path or DEVICE_PATH
    if parts.query:
        target += f"?{parts.query}"
    if parts.scheme not in _PORTS or not host or port == 0 or _TARGET.fullmatch(target) is None:
        raise garbage("onvif-address")
    return OnvifAddress(host=host, port=port or _PORTS[parts.scheme], tls=parts.scheme == "https", path=target)
