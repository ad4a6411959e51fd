"""H.264 by PyAV: pictures in, access units out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from nvr.base.units import TICKS_PER_SECOND
from nvr.sim.camera import SimCamera
from nvr.sim.picture import Picture

NAL_IDR: Final = 5
NAL_SPS: Final = 7
NAL_PPS: Final = 8
"""NAL unit types, ITU-T H.264 table 7-1."""

_START_CODE: Final = re.compile(rb"\x00{2,}\x01")


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """What a decoder needs before the first picture: one SPS and one PPS, without start codes."""

    sps: bytes
    pps: bytes


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture: its NAL units without start codes, and when it is to be shown."""

    nals: tuple[bytes, ...]
    pts_90k: int

    @property
    def key(self) -> bool:
        """Whether decoding may begin here."""
        return any(nal_type(nal) == NAL_IDR for nal in self.nals)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to encode: pixels, frames per second, frames per GOP, bits per second, B-frames between references."""

    width: int
    height: int
    fps: int
    gop_frames: int
    bitrate_bps: int
    b_frames: int = 0

    @classmethod
    def of(cls, camera: SimCamera) -> Self:
        """As this camera asks."""
        return cls(
            width=camera.width,
            height=camera.height,
            fps=camera.fps,
            gop_frames=camera.gop_frames,
            bitrate_bps=camera.bitrate_bps,
            b_frames=camera.b_frames,
        )


class Encoder:
    """One libx264 context, opened at once; one thread at a time may use it.

    Key frames are IDR and GOPs are closed, so that nothing refers across a key frame.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._context = _open(encoding)
        self.parameter_sets = _parameter_sets(self._context)

    def encode(self, picture: Picture, pts_90k: int, *, key: bool = False) -> list[AccessUnit]:
        """Take one `yuv420p` picture; give what the encoder let go: at most one unit when there are no B-frames.

        The instants must grow. `key` forces an IDR.
        """
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = pts_90k
        frame.time_base = Fraction(1, TICKS_PER_SECOND)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return list(self._units(frame))

    def flush(self) -> list[AccessUnit]:
        """What the encoder still held; it takes no picture after this."""
        return list(self._units(None))

    def _units(self, frame: VideoFrame | None) -> Iterator[AccessUnit]:
        for packet in self._context.encode(frame):
            if packet.pts is None:
                raise AssertionError("libx264 gave a packet without a presentation time")
            yield AccessUnit(nals=tuple(split_annex_b(bytes(packet))), pts_90k=packet.pts)


def nal_type(nal: bytes) -> int:
    """The NAL unit type (ITU-T H.264 section 7.3.1)."""
    return nal[0] & 0x1F


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264 annex B), without start codes."""
    return [nal for nal in _START_CODE.split(data) if nal]


def _open(encoding: Encoding) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("libx264 is not a video codec in this build of FFmpeg")
    context.width, context.height = encoding.width, encoding.height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, TICKS_PER_SECOND)
    context.framerate = Fraction(encoding.fps)
    context.bit_rate = encoding.bitrate_bps
    context.gop_size = encoding.gop_frames
    context.max_b_frames = encoding.b_frames
    context.thread_count = 1
    # The parameter sets are needed for the SDP before anything is encoded.
    context.flags |= Flags.global_header
    context.options = _options(encoding)
    context.open()
    return context


def _options(encoding: Encoding) -> dict[str, str]:
    x264 = {
        "scenecut": "0",
        "keyint": str(encoding.gop_frames),
        "min-keyint": "1",
        "open-gop": "0",
        "vbv-maxrate": str(encoding.bitrate_bps // 1000),
        "vbv-bufsize": str(encoding.bitrate_bps // 1000),
        "rc-lookahead": "0",
        "sync-lookahead": "0",
        "b-adapt": "0",
        "sliced-threads": "0",
    }
    options = {
        "preset": "ultrafast",
        "forced-idr": "1",
        "x264-params": ":".join(f"{key}={value}" for key, value in x264.items()),
    }
    # zerolatency would turn B-frames off.
    return options if encoding.b_frames else options | {"tune": "zerolatency"}


def _parameter_sets(context: VideoCodecContext) -> ParameterSets:
    nals = {nal_type(nal): nal for nal in split_annex_b(context.extradata or b"")}
    return ParameterSets(sps=nals[NAL_SPS], pps=nals[NAL_PPS])
