"""How a dome is asked where it looks: its ONVIF address, a profile, and the presets at which it may stand."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from config.camera_url import HIDDEN
from nvr.base.errors import InvalidValue
from nvr.base.jcs import canonical

ONVIF: Final = "onvif"
"""The one way there is to ask a dome."""
ANYTHING: Final = "*"
"""Expected: whatever the dome does."""

_MOST_EXPECTED: Final = 64
_MOST_CHARACTERS: Final = 64
_ADDRESS: Final = re.compile(r"[!-?A-~]{1,512}")
"""Printable ASCII but `@`: an address holds no user and no password."""
_EXPECTED_ADDRESS: Final = "HOST, HOST:PORT, or http:// or https:// and the device service, without user and password"
_EXPECTED_NAMES: Final = f"at most {_MOST_EXPECTED} names of presets of 1 to {_MOST_CHARACTERS} characters, or * alone"


@dataclass(frozen=True, slots=True)
class PtzSetting:
    """`profile` is the token of a media profile, None for the first; `expected` are names of presets, or ANYTHING."""

    address: str
    profile: str | None = None
    expected: tuple[str, ...] = ()

    def to_text(self) -> str:
        """As the register and the snapshot hold it; JCS."""
        return canonical({"address": self.address, "expected": list(self.expected), "profile": self.profile}).decode()


def ptz_setting(address: str, profile: str | None, expected: Sequence[str]) -> PtzSetting:
    """The setting, its values checked.

    Raises:
        InvalidValue: fields `ptz_address`, `ptz_profile`, `ptz_expect`.
    """
    if not _is_address(address):
        raise InvalidValue(field="ptz_address", value=HIDDEN, expected=_EXPECTED_ADDRESS)
    if profile is not None and not _is_name(profile):
        raise InvalidValue(field="ptz_profile", value=profile, expected="the token of a profile")
    names = tuple(dict.fromkeys(expected))
    if len(names) > _MOST_EXPECTED or not all(map(_is_name, names)) or (ANYTHING in names and len(names) > 1):
        raise InvalidValue(field="ptz_expect", value=", ".join(names), expected=_EXPECTED_NAMES)
    return PtzSetting(address, profile, names)


def parse_ptz(text: str) -> PtzSetting:
    """The setting in what `to_text` wrote.

    Raises:
        InvalidValue: it is something else.
    """
    try:
        body = json.loads(text)
        return ptz_setting(body["address"], body["profile"], body["expected"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(field="ptz", value=HIDDEN, expected="address, profile and expected") from error


def default_address(camera_url: str) -> str | None:
    """Where the ONVIF device of this camera is, unless somebody says otherwise: its host; None without one."""
    parts = urlsplit(camera_url)
    if parts.scheme in {"file", "v4l2", "udp"} or not parts.hostname:
        return None
    return f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname


def _is_address(text: str) -> bool:
    if _ADDRESS.fullmatch(text) is None:
        return False
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _MOST_CHARACTERS and text.isprintable() and text == text.strip()
