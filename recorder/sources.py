"""Which source a camera's address asks for: the one place that decides."""

from typing import Final
from urllib.parse import urlsplit

from config.camera_url import SCHEMES
from nvr.base.clock import Clock
from recorder.demux.source import DemuxSource
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.source import RtspSource
from recorder.source import Source
from recorder.status import ShardSettings
from storage.snapshot import CameraEntry, CameraKind

_NATIVE: Final = frozenset({"rtsp", "rtsps"})


def source_of(entry: CameraEntry, clock: Clock, settings: ShardSettings, rounds: Rounds) -> Source:
    """The source for this camera; what is no address of one is the native source's to refuse when it is opened."""
    if is_native(entry.url):
        endured_s = settings.stall_s if entry.kind is CameraKind.NOMADIC else None
        return RtspSource(entry.camera, entry.url, clock, settings.trust, rounds, endured_s=endured_s)
    return DemuxSource(entry.url, clock, settings.trust, open_timeout_s=settings.connect_timeout_s)


def is_native(url: str) -> bool:
    """Whether the native client reads this address."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return True
    return scheme not in SCHEMES.keys() - _NATIVE
