"""From a camera's address to what FFmpeg's demuxer is to read, and how. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from config.camera_url import srt_latency_ms
from recorder.demux.http import HttpInput
from recorder.demux.inputs import Input
from recorder.demux.srt import SrtInput
from recorder.demux.udp import UdpInput
from recorder.errors import garbage
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

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
_NO_PROTOCOL: Final = "none"
"""FFmpeg opens no address: what it reads is handed to it."""
_UDP_BUFFER: Final = str(2 << 20)
"""Bytes; the kernel gives at most net.core.rmem_max."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open. `target`, `options` and `connect` may hold the login: none is ever shown."""

    shown: str
    """Scheme and host: what a log may say."""
    options: Mapping[str, str]
    target: str = ""
    """The address, where FFmpeg opens it."""
    connect: Callable[[float], Input] | None = None
    """Opens it, where FFmpeg does not; takes the time-out in seconds. It blocks."""
    container: str | None = None
    """The format, where it is not to be guessed."""
    paced: bool = False
    """Read in its own time: a file would be there at once."""
    resumes: bool = False
    """Reading may go on after a time-out: datagrams have no place to lose."""
    counts_lost: bool = True
    """Whether what the network loses is counted, where it can lose something."""

    def __repr__(self) -> str:
        """Scheme and host only."""
        return f"Opening({self.shown})"


def opening_of(url: str, credentials: Credentials | None, trust: Trust) -> Opening:
    """How to open this address.

    Raises:
        CameraUnreachable: cause `garbage`, for an address that no demuxer here is for.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        raise garbage("url") from None
    shown = f"{parts.scheme}://{host}"
    match parts.scheme:
        case "rtspu":
            options = _options(
                "rtsp,rtp,udp,tcp",
                rtsp_transport="udp",
                allowed_media_types="video",  # no other track is set up
                buffer_size=_UDP_BUFFER,
            )
            target = _with_login(parts, "rtsp", credentials)
            return Opening(shown, options, target, container="rtsp", resumes=True, counts_lost=False)
        case "http" | "https":
            return _connected(shown, partial(_http, url, credentials, trust))
        case "srt":
            return _connected(shown, partial(_srt, host, port, credentials, srt_latency_ms(parts)))
        case "udp":
            return _connected(shown, partial(_udp, host, port))
        case "file":
            options = _options("file", format_whitelist=_CONTAINERS)
            return Opening(shown, options, f"file:{unquote(parts.path)}", paced=True)
        case "v4l2":
            options = {**_COMMON, "input_format": "h264"}
            return Opening(parts.path, options, parts.path, container="v4l2")
        case _:
            raise garbage("url")


def _connected(shown: str, connect: Callable[[float], Input]) -> Opening:
    return Opening(shown, _options(_NO_PROTOCOL, format_whitelist=_CONTAINERS), connect=connect)


def _http(url: str, credentials: Credentials | None, trust: Trust, timeout_s: float) -> Input:
    return HttpInput(url, credentials, trust, timeout_s=timeout_s)


def _srt(host: str, port: int, credentials: Credentials | None, latency_ms: int | None, timeout_s: float) -> Input:
    return SrtInput(host, port, credentials, latency_ms, timeout_s=timeout_s)


def _udp(host: str, port: int, timeout_s: float) -> Input:
    return UdpInput(host, port, timeout_s=timeout_s)


def _options(protocols: str, **more: str) -> dict[str, str]:
    return {**_COMMON, "protocol_whitelist": protocols, **more}


def _with_login(parts: SplitResult, scheme: str, credentials: Credentials | None) -> str:
    """The address with the login where FFmpeg looks for it; percent-encoded, which FFmpeg undoes."""
    place = parts.netloc.rpartition("@")[2]
    if credentials is not None:
        place = f"{quote(credentials.user, safe='')}:{quote(credentials.password, safe='')}@{place}"
    return parts._replace(scheme=scheme, netloc=place).geturl()
