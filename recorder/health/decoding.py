"""One coded key frame to planes of brightness and colour, in the looking process alone.

A decoder lives for one picture: nothing of a picture is left in it for the next.
"""

from collections.abc import Sequence
from typing import Any, Final

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from recorder.health.looks import Task

MOST_PIXELS: Final = 8192 * 8192
_CODECS: Final = (("avc", "h264"), ("hvc", "hevc"), ("hev", "hevc"), ("mp4v.6C", "mjpeg"))
_BYTE: Final = 8


def planes_of(task: Task) -> tuple[NDArray[np.uint8], Sequence[NDArray[np.uint8]]] | None:
    """Brightness and colour of the task's picture; None when it can not be decoded, or is of an unknown form.

    Pictures that build up over several (intra refresh) can not: no decoder shows their first one.
    """
    name = next((name for prefix, name in _CODECS if task.codec.startswith(prefix)), None)
    if name is None:
        return None
    frame = _decoded(name, task)
    return None if frame is None else _planes(frame)


def _decoded(name: str, task: Task) -> VideoFrame | None:
    context = av.CodecContext.create(name, "r")
    if not isinstance(context, VideoCodecContext):
        raise TypeError(name)
    context.thread_count = 1
    context.extradata = task.extradata
    try:
        frames = [*context.decode(av.Packet(task.unit)), *context.decode(None)]
    except (av.error.FFmpegError, MemoryError):
        return None
    return frames[0] if frames else None


def _planes(frame: VideoFrame) -> tuple[NDArray[np.uint8], Sequence[NDArray[np.uint8]]] | None:
    form = frame.format
    if form.is_rgb or len(frame.planes) != len(form.components) or frame.width * frame.height > MOST_PIXELS:
        return None
    bits = form.components[0].bits
    luma, *chroma = [_plane(plane, bits) for plane in frame.planes]
    return luma, chroma


def _plane(plane: Any, bits: int) -> NDArray[np.uint8]:  # noqa: ANN401 -- PyAV's planes have no public type
    """A view of the plane; of more than 8 bits, the upper 8."""
    if bits <= _BYTE:
        rows: NDArray[np.uint8] = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        return rows[:, : plane.width]
    wide = np.frombuffer(plane, "<u2").reshape(plane.height, plane.line_size // 2)[:, : plane.width]
    return (wide >> (bits - _BYTE)).astype(np.uint8)
