"""From a camera's address to what FFmpeg's demuxer is to open, and how. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from recorder.errors import garbage
from recorder.rtsp.auth import Credentials

_CONTAINERS: Final = "mpegts,mpjpeg,mjpeg,h264,hevc,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv,avi"
"""Formats that carry pictures themselves. Playlists (hls, concat, image2) would make FFmpeg open other addresses."""
_CODECS: Final = "h264,hevc,mjpeg"
"""The only decoders that may look at a stream to learn its size; no sound is ever decoded, not even to be described."""
_COMMON: Final = MappingProxyType(
    {
        "codec_whitelist": _CODECS,
        "probesize": str(1 << 20),
        "analyzeduration": "1000000",  # microseconds
        "fpsprobesize": "0",  # frames per second are not asked for, and finding them takes long
    }
)
_UDP_BUFFER: Final = str(2 << 20)
"""Bytes; the kernel gives at most net.core.rmem_max."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open. `target` and `options` may hold the login: neither is ever shown."""

    target: str
    shown: str
    """Scheme and host: what a log may say."""
    options: Mapping[str, str]
    container: str | None = None
    """The format, where it is not to be guessed."""
    paced: bool = False
    """Read in its own time: a file would be there at once."""
    resumes: bool = False
    """Reading may go on after a time-out: datagrams have no place to lose."""
    encrypted: bool = False
    """The camera must show a certificate that this machine trusts."""

    def __repr__(self) -> str:
        """Scheme and host only."""
        return f"Opening({self.shown})"


def opening_of(url: str, credentials: Credentials | None) -> Opening:
    """How to open this address.

    Raises:
        CameraUnreachable: cause `garbage`, for an address that no demuxer here is for.
    """
    try:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.hostname or ''}"
    except ValueError:
        raise garbage("url") from None
    match parts.scheme:
        case "rtspu":
            return Opening(
                target=_with_login(parts, "rtsp", credentials),
                shown=shown,
                options=_options(
                    "rtsp,rtp,udp,tcp",
                    rtsp_transport="udp",
                    allowed_media_types="video",  # no other track is set up
                    buffer_size=_UDP_BUFFER,
                ),
                container="rtsp",
                resumes=True,
            )
        case "http":
            options = _options("http,tcp", format_whitelist=_CONTAINERS)
            return Opening(target=_with_login(parts, "http", credentials), shown=shown, options=options)
        case "https":
            options = _options("https,tls,tcp", format_whitelist=_CONTAINERS, tls_verify="1")
            target = _with_login(parts, "https", credentials)
            return Opening(target=target, shown=shown, options=options, encrypted=True)
        case "udp":
            options = _options("udp", format_whitelist=_CONTAINERS, buffer_size=_UDP_BUFFER)
            return Opening(target=url, shown=shown, options=options)
        case "file":
            options = _options("file", format_whitelist=_CONTAINERS)
            return Opening(target=f"file:{unquote(parts.path)}", shown=shown, options=options, paced=True)
        case "v4l2":
            options = {**_COMMON, "input_format": "h264"}
            return Opening(target=parts.path, shown=parts.path, options=options, container="v4l2")
        case _:
            raise garbage("url")


def _options(protocols: str, **more: str) -> dict[str, str]:
    return {**_COMMON, "protocol_whitelist": protocols, **more}


def _with_login(parts: SplitResult, scheme: str, credentials: Credentials | None) -> str:
    """The address with the login where FFmpeg looks for it; percent-encoded, which FFmpeg undoes."""
    place = parts.netloc.rpartition("@")[2]
    if credentials is not None:
        place = f"{quote(credentials.user, safe='')}:{quote(credentials.password, safe='')}@{place}"
    return parts._replace(scheme=scheme, netloc=place).geturl()
