"""Coded key frames of the made-up street, and tasks and looks of them."""

from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from recorder.health.looks import PROFILE_BYTES, Look, Task
from recorder.health.scoring import look_at
from tests.recorder.health.scenes import HEIGHT, WIDTH, street

CODECS = {"avc1.64001f": "libx264", "hvc1.1.6.L93.B0": "libx265", "mp4v.6C": "mjpeg"}
PROFILE = bytes(PROFILE_BYTES)


@cache
def key_frame(codec: str = "avc1.64001f", pixels: str = "yuv420p") -> tuple[bytes, bytes]:
    """Parameter sets and the picture with 4-byte lengths, from a stream in Annex B: `extradata` stays empty."""
    context = av.CodecContext.create(CODECS[codec], "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt, context.framerate = WIDTH, HEIGHT, pixels, Fraction(25)
    context.time_base = Fraction(1, 25)
    if codec != "mp4v.6C":
        context.options = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"}
        context.flags |= Flags.low_delay
    colour = np.full((HEIGHT // 2, WIDTH), 140, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.vstack([street(), colour]), format="yuv420p").reformat(format=pixels)
    packets = [*context.encode(frame), *context.encode(None)]
    return b"", bytes(packets[0])


def task(codec: str = "avc1.64001f", **changes: object) -> Task:
    extradata, unit = key_frame(codec, "yuvj420p" if codec == "mp4v.6C" else "yuv420p")
    values = {"codec": codec, "extradata": extradata, "unit": unit, "recent": [], "references": [], **changes}
    return Task(**values)  # type: ignore[arg-type]


def look_of_street() -> Look:
    return look_at(street(), [], [], [])
