"""Which source a camera's address asks for: the one place that decides."""

from typing import Final
from urllib.parse import urlsplit

from config.camera_url import SCHEMES
from nvr.base.clock import Clock
from recorder.demux.source import Abandoned, DemuxSource
from recorder.rtsp.rounds import Rounds
from recorder.rtsp.source import RtspSource
from recorder.source import Source
from recorder.status import ShardSettings
from storage.snapshot import CameraEntry, CameraKind

_SECOND: Final = SCHEMES.keys() - {"rtsp", "rtsps"}


def source_of(
    entry: CameraEntry,
    clock: Clock,
    settings: ShardSettings,
    rounds: Rounds | None = None,
    abandoned: Abandoned | None = None,
) -> Source:
    """The source for this camera; what is no address of one is the native source's to refuse when it is opened.

    Without `rounds` a native session is read as its bytes come. `abandoned` outlives the source where it is given.
    """
    if _scheme(entry.url) not in _SECOND:
        endured_s = settings.stall_s if entry.kind is CameraKind.NOMADIC else None
        return RtspSource(entry.camera, entry.url, clock, settings.trust, rounds, endured_s=endured_s)
    return DemuxSource(entry.url, clock, settings.trust, open_timeout_s=settings.connect_timeout_s, abandoned=abandoned)


def is_finite(url: str) -> bool:
    """Whether what is read there comes to its end while nothing is amiss: a file, which is then played again."""
    return _scheme(url) == "file"


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
