"""Which source a camera's address asks for: the one place that decides."""

from urllib.parse import urlsplit

from config.camera_url import SCHEMES
from nvr.base.clock import Clock
from recorder.demux.source import DemuxSource
from recorder.rtsp.source import RtspSource
from recorder.source import Source
from recorder.status import ShardSettings

NATIVE = frozenset({"rtsp", "rtsps"})


def source_of(url: str, clock: Clock, settings: ShardSettings) -> Source:
    """The source for this address; what is none of a camera is the native one's to refuse when it is opened."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme in SCHEMES.keys() - NATIVE:
        return DemuxSource(url, clock, open_timeout_s=settings.connect_timeout_s)
    return RtspSource(url, clock, settings.tls)
