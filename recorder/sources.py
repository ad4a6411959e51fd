"""Which source a camera's URL asks for: the one place that decides."""

from nvr.base.clock import Clock
from recorder.rtsp.source import RtspSource
from recorder.source import Source
from recorder.status import ShardSettings


def source_of(url: str, clock: Clock, settings: ShardSettings) -> Source:
    """The source behind this URL; what is no URL of a camera fails when it is opened."""
    return RtspSource(url, clock, settings.tls)
