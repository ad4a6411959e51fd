"""URLs of main streams, by the make of the camera: `makes.toml` has them, each with where it is known from."""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

from nvr.base.errors import InvalidValue

_NO_LETTER: Final = re.compile(r"[^a-z0-9]")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_MOST_PORT: Final = 65_535
_MOST_CHANNEL: Final = 64


@dataclass(frozen=True, slots=True)
class Make:
    """One make. `path` is what follows host and port: `{channel}` counts lenses or inputs from 1.

    `known_from` says how sure it is: `manual` (the maker's own), `device` (a camera's recorded answer), `secondary`.
    """

    name: str
    path: str
    known_from: str
    source: str
    aliases: tuple[str, ...] = ()
    port: int | None = None
    note: str = ""


def makes() -> Mapping[str, Make]:
    """All makes, by id."""
    return _MAKES


def url_for(make: str, host: str, *, port: int | None = None, channel: int | None = None) -> str:
    """The URL of the main stream of a camera of this make, without a login.

    Raises:
        InvalidValue: the make is not known, or host, port or channel are none.
    """
    known = make_named(make)
    if channel is not None and not 1 <= channel <= _MOST_CHANNEL:
        raise InvalidValue(field="channel", value=channel, expected=f"1 to {_MOST_CHANNEL}")
    if channel is not None and channel > 1 and "{channel}" not in known.path:
        raise InvalidValue(field="channel", value=channel, expected=f"none: {known.name} has one; or the URL itself")
    if port is not None and not 1 <= port <= _MOST_PORT:
        raise InvalidValue(field="port", value=port, expected=f"1 to {_MOST_PORT}")
    port = port or known.port
    at = authority(host) + ("" if port is None else f":{port}")
    return f"rtsp://{at}{known.path.format(channel=channel or 1)}"


def make_named(name: str) -> Make:
    """The make with this id, name or other name. Raises InvalidValue."""
    known = _BY_NAME.get(_plain(name))
    if known is None:
        raise InvalidValue(field="make", value=name, expected=", ".join(sorted(_MAKES)))
    return known


def authority(host: str) -> str:
    """The host as it stands in a URL. Raises InvalidValue."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Four groups of digits that are no address are a typing error, not a name.
        if _HOST.fullmatch(host) is None or host.replace(".", "").isdigit():
            raise InvalidValue(field="host", value=host, expected="an IP address or a host name") from None
        return host
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 -- IPv6


def _plain(name: str) -> str:
    return _NO_LETTER.sub("", name.casefold())


def _load() -> dict[str, Make]:
    text = resources.files("nvr.app").joinpath("makes.toml").read_text(encoding="utf-8")
    return {
        key: Make(**{**values, "aliases": tuple(values.get("aliases", ()))})
        for key, values in tomllib.loads(text).items()
    }


_MAKES: Final[Mapping[str, Make]] = MappingProxyType(_load())
_BY_NAME: Final = {_plain(name): make for key, make in _MAKES.items() for name in (key, make.name, *make.aliases)}
