"""Addresses of cameras, without credentials."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from recorder.errors import garbage

_PORTS: Final = {"rtsp": 554, "rtsps": 322}
_MAX_URL: Final = 2048
_USERINFO: Final = re.compile(r"^([A-Za-z]+://)[^/?#]*@")


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """Where to connect, and the request URI to begin with. The text never holds a user or a password."""

    host: str
    port: int
    tls: bool
    text: str

    def __repr__(self) -> str:
        """Host and port only: paths and queries of cameras may hold passwords."""
        return f"RtspUrl({self.host}:{self.port})"


def parse_url(text: str) -> RtspUrl:
    """The address that the text names; a user and password in it are dropped.

    Raises:
        CameraUnreachable: cause `garbage`, for anything but an `rtsp` or `rtsps` URL with a host.
    """
    text = text.strip()
    if len(text) > _MAX_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise garbage("url")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise garbage("url") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise garbage("url")
    return RtspUrl(
        host=host,
        port=port if port is not None else _PORTS[scheme],
        tls=scheme == "rtsps",
        text=without_userinfo(parts.geturl()),
    )


def without_userinfo(text: str) -> str:
    """The URL less a user and password before its host; a text that is no URL comes back as it is."""
    return _USERINFO.sub(r"\1", text)
