"""What one simulated camera says of itself over ONVIF, and how it differs from the standard, as real makes do."""

from dataclasses import dataclass
from typing import Literal

Login = Literal["none", "token", "digest", "either"]
Oddity = Literal["none", "html", "no-xml", "huge", "entities", "deep", "fault", "redirect", "silent", "closes", "busy"]
Coding = Literal["H264", "H265", "JPEG", "MPEG4"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One media profile of the lens `source`. `uri` is what GetStreamUri answers, `{host}` being the host as asked.

    One that is `bare` does not say what it sends.
    """

    token: str
    name: str
    width: int
    height: int
    coding: Coding = "H264"
    fps: int = 25
    bitrate_kbps: int = 4096
    gop_frames: int = 50
    uri: str = "rtsp://{host}:554/stream"
    source: str = "lens-1"
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a dome can be sent; positions in the generic space, -1 to 1 (zoom 0 to 1)."""

    token: str
    name: str
    pan: float
    tilt: float
    zoom: float = 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a dome.

    Attributes:
        presets: those that it begins with.
        degrees: positions are told in the spherical space, in degrees (pan -180 to 180, tilt -90 to 0), besides the
            generic one; `default_degrees`: and GetStatus answers in it.
        tells_position: GetStatus has a position; some domes only tell whether they move.
        tells_movement: GetStatus has a MoveStatus.
    """

    presets: tuple[Preset, ...] = ()
    degrees: bool = False
    default_degrees: bool = False
    tells_position: bool = True
    tells_movement: bool = True


@dataclass(frozen=True, slots=True)
class OnvifCamera:
    """One camera of an `OnvifSimulator`.

    Attributes:
        login: what every operation but GetSystemDateAndTime asks for: the token of WS-Security, the digest of HTTP,
            or either of them.
        guards_clock: GetSystemDateAndTime asks for it too.
        token_age_s: a token older or newer than this by the camera's clock is refused.
        digest_algorithm: as `SimCamera` has it.
        clock_offset_s: how far its clock is ahead of UTC.
        clock: False for one that does not tell UTC.
        media: it has the Media service of 2008 (which knows no H.265); `media2` its successor.
        get_services: False for one from before ONVIF 2.0, which knows GetCapabilities alone.
        named_host: the host (and port) that it believes to have, in XAddrs; None for the true one.
        head: None for a camera that does not turn.
        oddity: what it does instead of answering, to everything but the clock: see `recorder.onvif`'s tests.
        uuid: what WS-Discovery tells; `scopes` are added to those of make and model.
    """

    make: str = "Simulated"
    model: str = "SIM-1"
    firmware: str = "1.0.0"
    serial: str = "S0001"
    login: Login = "token"
    user: str = "viewer"
    password: str = "pass"  # noqa: S105 -- of a camera that does not exist
    guards_clock: bool = False
    token_age_s: int = 5
    digest_algorithm: Literal["MD5", "SHA-256"] = "MD5"
    clock_offset_s: int = 0
    clock: bool = True
    profiles: tuple[Profile, ...] = (Profile("main", "mainStream", 1920, 1080),)
    media: bool = True
    media2: bool = True
    get_services: bool = True
    named_host: str | None = None
    head: Head | None = None
    oddity: Oddity = "none"
    uuid: str = "6f6e7669-6600-4000-8000-000000000001"
    scopes: tuple[str, ...] = ()
