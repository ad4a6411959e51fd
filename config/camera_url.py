"""Addresses of cameras: which schemes there are, and what each must name. An address holds no user and no password."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from nvr.base.errors import InvalidValue

SCHEMES: Final = MappingProxyType(
    {
        "rtsp": "rtsp://HOST[:PORT]/PATH",
        "rtsps": "rtsps://HOST[:PORT]/PATH, with TLS",
        "rtspu": "rtspu://HOST[:PORT]/PATH, RTSP with the pictures over UDP",
        "http": "http://HOST[:PORT]/PATH",
        "https": "https://HOST[:PORT]/PATH",
        "srt": "srt://HOST:PORT[?latency=MS], called; stream id and passphrase are its login",
        "udp": "udp://ADDRESS:PORT, listened to or joined",
        "file": "file:///PATH, played in its own time and over again",
        "v4l2": "v4l2:///dev/videoN",
    }
)
"""What each scheme means. `rtspu` as GStreamer uses it: the session over TCP, the pictures over UDP."""

EXPECTED: Final = (
    f"{', '.join(f'{scheme}://' for scheme in SCHEMES)}, a host or path, neither user nor password (%40 for @), "
    "at most #video=N behind rtsp:// and rtsps://"
)

HIDDEN: Final = "(hidden)"
"""Stands for a value that no message may show: an address may hold a password where none belongs."""

_NO_URL: Final = re.compile(r"[\x00-\x20\x7f@]")
"""What stands in no URL (RFC 3986), and would end the request line in which a recorder sends it.

`@` too: a password that stands in a URL with its own `/`, `#` or `?` looks like a host and a path.
"""

_TRACKS: Final = frozenset({"rtsp", "rtsps"})
"""Schemes whose cameras describe several video tracks, of which a fragment names one."""

_VIDEO: Final = re.compile(r"(video=[1-9][0-9]?)?")

_LATENCY: Final = re.compile(r"(?:latency=([0-9]{1,4}))?")
"""Milliseconds. Nothing else may stand there: people know `?passphrase=` from other programs."""

PASSPHRASE_BYTES: Final = range(10, 80)
"""How long a passphrase of SRT may be (libsrt, SRTO_PASSPHRASE)."""

_DEVICE: Final = re.compile(r"/dev/video[0-9]{1,3}")


class Transport(StrEnum):
    """How the pictures of an RTSP camera travel."""

    TCP = "tcp"
    UDP = "udp"


def camera_url(text: str, transport: Transport = Transport.TCP) -> str:
    """The address to keep; `transport` UDP turns `rtsp` into `rtspu`.

    Raises:
        InvalidValue: field `url`, for an unknown scheme, a login, or what the scheme needs and is not there; field
            `transport`, for UDP with anything but `rtsp`, or with a track named.
    """
    try:
        parts = urlsplit(text)
        sound = _NO_URL.search(text) is None and _names_a_camera(parts)
    except ValueError:
        sound, parts = False, urlsplit("")
    if not sound:
        raise InvalidValue(field="url", value=HIDDEN, expected=EXPECTED)
    if transport is Transport.TCP or parts.scheme == "rtspu":
        return text
    if parts.scheme != "rtsp" or parts.fragment:
        expected = "tcp, or an rtsp:// address without #video=N"
        raise InvalidValue(field="transport", value=transport.value, expected=expected)
    return "rtspu" + text[len("rtsp") :]


def is_srt(url: str) -> bool:
    """Whether the address is one of SRT, whose login is a stream id and a passphrase."""
    return urlsplit(url).scheme == "srt"


def srt_latency_ms(parts: SplitResult) -> int | None:
    """The latency that an address of SRT asks for; None where it leaves it to the other side."""
    found = _LATENCY.fullmatch(parts.query)
    return int(found[1]) if found is not None and found[1] is not None else None


def _names_a_camera(parts: SplitResult) -> bool:
    """Whether the scheme is known and finds what it needs. Raises ValueError, as the port of an address may."""
    if parts.username is not None or parts.password is not None:
        return False
    if (_VIDEO.fullmatch(parts.fragment) is None) if parts.scheme in _TRACKS else parts.fragment:
        return False
    match parts.scheme:
        case "file":
            return not parts.netloc and len(parts.path) > 1
        case "v4l2":
            return not parts.netloc and _DEVICE.fullmatch(parts.path) is not None
        case "udp":
            return bool(parts.hostname) and bool(parts.port)
        case "srt":
            is_place = bool(parts.hostname) and bool(parts.port) and parts.path in ("", "/")
            return is_place and _LATENCY.fullmatch(parts.query) is not None
        case scheme:
            return scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
