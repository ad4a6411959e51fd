"""Which track of a camera's description is recorded (RFC 4566, RFC 2326 appendix C).

Format parameters: RFC 6184 section 8.1 (H.264), RFC 7798 section 7.1 (H.265).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.rtsp.messages import Response
from recorder.rtsp.url import without_userinfo

SUPPORTED: Final = ("H264", "H265")
"""Encodings that the recorder depacketises, as rtpmap names them."""

_SPROP: Final = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")
"""In the order in which a decoder needs them."""
_INTERLEAVED_MODE: Final = "2"
_VIDEO_CLOCK: Final = 90_000
_MAX_PAYLOAD_TYPE: Final = 127
_MAX_LINES: Final = 2000
_ABSOLUTE: Final = re.compile(r"rtsps?://\S+", re.IGNORECASE)
_ORIGIN: Final = re.compile(r"(rtsps?://[^/?#]*)([^?#]*)", re.IGNORECASE)
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The track to set up: `control` is the SETUP URI, `aggregate` the PLAY URI, `payload_type` the RTP one."""

    encoding: str
    payload_type: int
    control: str
    aggregate: str
    parameter_sets: tuple[bytes, ...] = ()
    number: int = 1
    """Among the video tracks that the camera describes, from 1."""
    described: int = 1
    """How many those are."""
    sound_offered: bool = False
    """The camera offers sound beside; it is never set up."""

    def __repr__(self) -> str:
        """Without URIs: they may hold passwords."""
        return f"VideoTrack({self.encoding}/{self.payload_type}, {self.number} of {self.described})"


@dataclass(slots=True)
class _Media:
    kind: str = "session"
    formats: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def of_format(self, name: str, payload: str) -> str | None:
        pairs = (value.partition(" ") for value in self.values(name))
        return next((text.strip() for number, _, text in pairs if number == payload), None)


def video_track(response: Response, request_uri: str, number: int | None = None) -> VideoTrack:
    """The video track of this number, or the first that we can record, from the answer to DESCRIBE.

    Raises:
        CameraUnreachable: `garbage` (not SDP), `no-video`, `unsupported-codec` (field `offered`), `reordered`.
    """
    session, *media = _sections(response.body)
    videos = [section for section in media if section.kind == "video"]
    if len(videos) < (number or 1):
        raise CameraUnreachable(Cause.NO_VIDEO, described=len(videos))
    base = _base(response, request_uri)
    offered = []
    reordered = False
    for place, section in enumerate(videos, 1):
        if number not in (None, place):
            continue
        for payload in section.formats:
            encoding, clock = _encoding(section, payload)
            offered.append(encoding)
            if encoding not in SUPPORTED or clock != _VIDEO_CLOCK:
                continue
            parameters = _parameters(section.of_format("fmtp", payload) or "")
            if _is_reordered(encoding, parameters):
                reordered = True
                continue
            return VideoTrack(
                encoding=encoding,
                payload_type=int(payload),
                control=_control(base, section),
                aggregate=_control(base, session),
                parameter_sets=_parameter_sets(parameters),
                number=place,
                described=len(videos),
                sound_offered=any(other.kind == "audio" for other in media),
            )
    raise CameraUnreachable(Cause.REORDERED if reordered else Cause.UNSUPPORTED_CODEC, offered=" ".join(offered))


def _sections(body: bytes) -> list[_Media]:
    text = body.decode("utf-8", errors="replace")
    lines = text.splitlines()
    if not text.lstrip().startswith("v=") or len(lines) > _MAX_LINES:
        raise garbage("sdp")
    sections = [_Media()]
    for line in lines:
        kind, mark, value = line.strip().partition("=")
        if not mark:
            continue
        if kind == "m":
            sections.append(_media(value))
        elif kind == "a":
            name, _, rest = value.partition(":")
            sections[-1].attributes.append((name.strip().lower(), rest.strip()))
    return sections


def _media(value: str) -> _Media:
    kind, *rest = value.split() or [""]
    formats = [text for text in rest[2:] if re.fullmatch(r"[0-9]{1,3}", text) and int(text) <= _MAX_PAYLOAD_TYPE]
    return _Media(kind=kind.lower(), formats=formats)


def _encoding(section: _Media, payload: str) -> tuple[str, int]:
    """Encoding name in capitals, printable only, and clock rate."""
    name, _, rest = (section.of_format("rtpmap", payload) or "").partition("/")
    clock = rest.partition("/")[0].strip()
    known = re.fullmatch(r"[A-Za-z0-9._-]{1,32}", name)
    return (name.upper() if known else "?"), (int(clock) if re.fullmatch(r"[0-9]{1,9}", clock) else 0)


def _base(response: Response, request_uri: str) -> str:
    """RFC 2326 C.1.1: Content-Base, Content-Location, or what was asked for.

    Some cameras send a base without a scheme (Anjvision): it names no resource, so the next one is taken.
    """
    for name in ("content-base", "content-location"):
        value = response.headers.get(name)
        if value is not None and _ABSOLUTE.fullmatch(value) and _PRINTABLE.fullmatch(value):
            return without_userinfo(value)
    return request_uri


def _control(base: str, section: _Media) -> str:
    """The URI that controls the section.

    A relative one is appended to the base, not resolved by RFC 3986: with a query in the base (Dahua) only the plain
    joint is what the camera expects. One that begins with the base's path is a whole path, and stands for itself.
    """
    control = next(iter(section.values("control")), "*")
    if not _PRINTABLE.fullmatch(control):
        raise garbage("control")
    if _ABSOLUTE.fullmatch(control):
        return without_userinfo(control)
    if control in ("", "*"):
        return base
    found = _ORIGIN.match(base)
    if found is not None and control.startswith(f"{found[2].rstrip('/')}/"):
        return found[1] + control
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"


def _parameters(fmtp: str) -> dict[str, str]:
    """Format parameters by name in small letters; of one that stands there twice, the first."""
    parameters: dict[str, str] = {}
    for item in fmtp.split(";"):
        name, _, value = item.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip())
    return parameters


def _is_reordered(encoding: str, parameters: Mapping[str, str]) -> bool:
    """Whether NAL units come out of decoding order, with numbers that say where each belongs.

    RFC 6184 section 6.4 (interleaved mode), RFC 7798 section 7.1 (sprop-max-don-diff).
    """
    if encoding == "H264":
        return parameters.get("packetization-mode") == _INTERLEAVED_MODE
    return parameters.get("sprop-max-don-diff", "0").strip("0") != ""


def _parameter_sets(parameters: Mapping[str, str]) -> tuple[bytes, ...]:
    """The NAL units of the sprop parameters; a set that does not decode is left out, the stream brings it again."""
    texts = [text for name in _SPROP for text in parameters.get(name, "").split(",")]
    return tuple(unit for text in texts if (unit := _decoded(text)))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
