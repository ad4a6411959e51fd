"""Which stream of a camera is to be recorded: its media profiles, the choice among them, and the address to keep."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from recorder.errors import garbage
from recorder.onvif.device import OnvifDevice
from recorder.onvif.document import child, integer, shown, text
from recorder.onvif.soap import MEDIA, MEDIA2, SCHEMA, leaf

_RECORDED: Final = ("H264", "H265")
"""Codings that a segment can hold, the one that plays everywhere first."""
_SURELY_MAIN_PIXELS: Final = 704 * 576
"""Of the decree's norm for narrow views: what is smaller is as a rule a sub-stream."""
_RTSP: Final = frozenset({"rtsp", "rtsps"})
_LOGIN_NAMES: Final = frozenset({"user", "usr", "username", "login", "pass", "passwd", "password", "pwd", "token"})
_LOGIN_IN_PATH: Final = re.compile(r"(pass(word|wd)?|pwd)=[^&/;]", re.IGNORECASE)


class Reason(StrEnum):
    """Why a profile was taken, or why none could be; the value is the id of its text."""

    ONLY = "only"
    """No other can be recorded."""
    LARGEST = "largest"
    """Its picture is the largest."""
    FASTER = "faster"
    """Of those with the largest picture it has the most frames."""
    PLAYS_EVERYWHERE = "plays-everywhere"
    """Of equal ones it is H.264, which every player knows."""
    FIRST = "first"
    """Of equal ones the camera names it first."""
    NO_PROFILE = "no-profile"
    """The camera names none that sends H.264 or H.265."""
    LARGER_IS_OTHER = "larger-is-other"
    """Its larger picture comes in a coding that can not be recorded: what is left is a sub-stream."""
    OTHERS_UNSAID = "others-unsaid"
    """What can be recorded is small, and of others the camera does not say what they send."""
    LOGIN_IN_PATH = "login-in-path"
    """The camera wants the password within the address, where none may be kept."""
    NO_CHANNEL = "no-channel"
    """It has no lens or input of that number."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One media profile, as far as the choice looks at it; `coding` is empty where the camera does not say."""

    token: str
    name: str
    source: str
    """Lens or input: profiles of one source show the same view."""
    coding: str
    width: int
    height: int
    fps_milli: int

    @property
    def pixels(self) -> int:
        """Of one picture."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Choice:
    """The profile to record, None with a reason against every one; `others` of the same lens were passed over."""

    profile: Profile | None
    reason: Reason
    others: tuple[Profile, ...]
    channels: int
    """How many lenses or inputs it has."""


def choose(profiles: list[Profile], channel: int = 1) -> Choice:
    """The main stream of a lens or input, counted from 1 as the camera names them.

    The largest picture; among those the most frames; then H.264; then what the camera names first. Never a smaller
    picture than the camera makes of this view: where the larger one comes in another coding, there is no choice.
    """
    sources = list(dict.fromkeys(profile.source for profile in profiles if profile.coding))  # without one: no picture
    if channel > 1 and channel > len(sources):
        return Choice(None, Reason.NO_CHANNEL, tuple(profiles), len(sources))
    ours = [profile for profile in profiles if sources and profile.source == sources[channel - 1]]
    fit = [profile for profile in ours if profile.coding in _RECORDED and profile.pixels]
    if not fit:
        return Choice(None, Reason.NO_PROFILE, tuple(ours), len(sources))
    best, *rest = sorted(fit, key=_rank)
    others = tuple(profile for profile in ours if profile is not best)
    if any(other.pixels > best.pixels for other in others):
        return Choice(None, Reason.LARGER_IS_OTHER, tuple(ours), len(sources))
    if best.pixels < _SURELY_MAIN_PIXELS and any(not other.coding for other in others):
        return Choice(None, Reason.OTHERS_UNSAID, tuple(ours), len(sources))
    return Choice(best, _reason(best, rest), others, len(sources))


def _rank(profile: Profile) -> tuple[int, int, int]:
    """The least is the best; sorting keeps the camera's order among equals."""
    return -profile.pixels, -profile.fps_milli, _RECORDED.index(profile.coding)


def _reason(best: Profile, rest: list[Profile]) -> Reason:
    if not rest:
        return Reason.ONLY
    second = rest[0]
    if best.pixels > second.pixels:
        return Reason.LARGEST
    if best.fps_milli > second.fps_milli:
        return Reason.FASTER
    return Reason.PLAYS_EVERYWHERE if best.coding != second.coding else Reason.FIRST


async def profiles_of(device: OnvifDevice) -> list[Profile]:
    """The camera's media profiles, by the service that knows H.265 where it has that one.

    Raises:
        CameraUnreachable: see the cause.
    """
    if MEDIA2 in await device.services():
        kinds = leaf("Type", "VideoSource") + leaf("Type", "VideoEncoder")
        return profiles_in(await device.call(MEDIA2, "GetProfiles", kinds))
    return profiles_in(await device.call(MEDIA, "GetProfiles"))


def profiles_in(answer: Element) -> list[Profile]:
    """The profiles in the answer of either media service, in its order."""
    return [_profile(each) for each in answer.findall("Profiles")]


def _profile(element: Element) -> Profile:
    parts, suffix = child(element, "Configurations"), ""
    if parts is None:
        parts, suffix = element, "Configuration"
    source, encoder = f"VideoSource{suffix}", f"VideoEncoder{suffix}"
    coding = text(parts, encoder, "Encoding").upper().replace(".", "").replace("HEVC", "H265")
    return Profile(
        token=element.get("token", ""),
        name=shown(text(element, "Name")),
        source=text(parts, source, "SourceToken"),
        coding=shown(coding),
        width=integer(parts, encoder, "Resolution", "Width") or 0,
        height=integer(parts, encoder, "Resolution", "Height") or 0,
        fps_milli=_milli(text(parts, encoder, "RateControl", "FrameRateLimit")),
    )


def _milli(number: str) -> int:
    """Thousandths: a whole number in the first media service, a fraction in the second; 0 for none."""
    try:
        return max(0, min(round(float(number) * 1000), 1_000_000))
    except (ValueError, OverflowError):
        return 0


async def stream_url(device: OnvifDevice, profile: Profile) -> str | None:
    """The address of this profile over RTSP on TCP, as it is to be kept: see `kept_url`.

    Raises:
        CameraUnreachable: see the cause; `garbage` for an address that is none.
    """
    if MEDIA2 in await device.services():
        content = leaf("Protocol", "RTSP") + leaf("ProfileToken", profile.token)
        return kept_url(text(await device.call(MEDIA2, "GetStreamUri", content), "Uri"), device.address.host)
    transport = f"<Transport xmlns='{SCHEMA}'>{leaf('Protocol', 'RTSP')}</Transport>"
    setup = f"<StreamSetup>{leaf('Stream', 'RTP-Unicast', SCHEMA)}{transport}</StreamSetup>"
    answer = await device.call(MEDIA, "GetStreamUri", setup + leaf("ProfileToken", profile.token))
    return kept_url(text(answer, "MediaUri", "Uri"), device.address.host)


def kept_url(uri: str, host: str) -> str | None:
    """The stream's address with the host that was reached, and without a login; None where it needs one inside.

    Cameras name 0.0.0.0, the address of their factory settings or of the other side of a router; and some write user
    and password into it.

    Raises:
        CameraUnreachable: cause `garbage`: it is no RTSP address.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise garbage("stream-uri") from None
    if parts.scheme.lower() not in _RTSP or not uri.isascii() or not uri.isprintable() or " " in uri:
        raise garbage("stream-uri")
    behind = f"{parts.path}?{parts.query}#{parts.fragment}"
    if _LOGIN_IN_PATH.search(parts.path) or "@" in behind:
        return None
    place = f"[{host}]" if ":" in host else host
    if port:
        place = f"{place}:{port}"
    return urlunsplit((parts.scheme.lower(), place, parts.path, _without_login(parts.query), ""))


def _without_login(query: str) -> str:
    """The query as it stands, unless it holds a login: then without that."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name.lower() in _LOGIN_NAMES for name, _ in pairs):
        return query
    return urlencode([(name, value) for name, value in pairs if name.lower() not in _LOGIN_NAMES])
