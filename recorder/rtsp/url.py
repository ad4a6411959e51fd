"""Addresses of cameras, without credentials."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from recorder.errors import garbage

_PORTS: Final = {"rtsp": 554, "rtsps": 322}
_MAX_URL: Final = 2048
_VIDEO: Final = re.compile(r"video=([1-9][0-9]?)")
_ZONE: Final = re.compile(r"%25([A-Za-z0-9._~-]+)$")
_USERINFO: Final = re.compile(r"^([A-Za-z]+://)[^/?#]*@")


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """Where to connect, and the request URI to begin with. The text never holds a user or a password.

    `video` is the number of the video track to record, from 1 in the order of the camera's description; None takes the
    first that can be recorded. It stands behind the address as `#video=2`, and is never sent.
    """

    host: str
    port: int
    tls: bool
    text: str
    video: int | None = None

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
    video = _VIDEO.fullmatch(parts.fragment)
    if scheme not in _PORTS or not host or port == 0 or (parts.fragment and video is None):
        raise garbage("url")
    sent = urlunsplit(parts._replace(fragment="", netloc=re.sub(r"%25[^\]]*\]", "]", parts.netloc)))
    return RtspUrl(
        host=_ZONE.sub(r"%\1", host),
        port=port if port is not None else _PORTS[scheme],
        tls=scheme == "rtsps",
        text=without_userinfo(sent),
        video=int(video[1]) if video is not None else None,
    )


def without_userinfo(text: str) -> str:
    """The URL less a user and password before its host; a text that is no URL comes back as it is."""
    return _USERINFO.sub(r"\1", text)
