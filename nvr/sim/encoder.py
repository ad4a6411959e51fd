"""H.264 and H.265 by PyAV: pictures in, access units out."""

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
from nvr.sim.camera import Codec, SimCamera
from nvr.sim.picture import Picture

NAL_IDR: Final = 5
NAL_SPS: Final = 7
NAL_PPS: Final = 8
"""NAL unit types, ITU-T H.264 table 7-1."""

_KEYS: Final[dict[Codec, frozenset[int]]] = {"h264": frozenset({NAL_IDR}), "h265": frozenset(range(16, 22))}
_SETS: Final[dict[Codec, tuple[int, ...]]] = {"h264": (NAL_SPS, NAL_PPS), "h265": (32, 33, 34)}
"""Kinds of key slices, and of parameter sets in the order of need; ITU-T H.265 table 7-1."""

_START_CODE: Final = re.compile(rb"\x00{2,}\x01")


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """What a decoder needs before the first picture, without start codes; `vps` is of H.265 alone."""

    sps: bytes
    pps: bytes
    vps: bytes = b""

    @property
    def codec(self) -> Codec:
        """The coding that has such sets."""
        return "h265" if self.vps else "h264"

    @property
    def nals(self) -> tuple[bytes, ...]:
        """All of them, in the order of need."""
        return (self.vps, self.sps, self.pps) if self.vps else (self.sps, self.pps)


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture: its NAL units without start codes, and when it is to be shown."""

    nals: tuple[bytes, ...]
    pts_90k: int
    codec: Codec = "h264"

    @property
    def key(self) -> bool:
        """Whether decoding may begin here."""
        return any(nal_type(nal, self.codec) in _KEYS[self.codec] for nal in self.nals)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to encode: pixels, frames per second, frames per GOP, bits per second, B-frames between references.

    With `open_gop`, B-frames of H.265 may refer across a key frame, which is a CRA then.
    """

    width: int
    height: int
    fps: int
    gop_frames: int
    bitrate_bps: int
    b_frames: int = 0
    codec: Codec = "h264"
    open_gop: bool = False

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
            codec=camera.codec,
        )


class Encoder:
    """One libx264 or libx265 context, opened at once; one thread at a time may use it.

    Key frames are IDR and GOPs are closed, so that nothing refers across a key frame, unless the encoding says so.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._codec = encoding.codec
        self._context = _open(encoding)
        self.parameter_sets = _parameter_sets(self._context, encoding.codec)

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
                raise AssertionError("the encoder gave a packet without a presentation time")
            yield AccessUnit(tuple(split_annex_b(bytes(packet))), packet.pts, self._codec)


def nal_type(nal: bytes, codec: Codec = "h264") -> int:
    """The NAL unit type (ITU-T H.264 section 7.3.1, ITU-T H.265 section 7.3.1.2)."""
    return nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264 annex B), without start codes."""
    return [nal for nal in _START_CODE.split(data) if nal]


def _open(encoding: Encoding) -> VideoCodecContext:
    name = "libx264" if encoding.codec == "h264" else "libx265"
    context = av.CodecContext.create(name, "w")
    if not isinstance(context, VideoCodecContext):
        raise TypeError(f"{name} is not a video codec in this build of FFmpeg")
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
    options = {"preset": "ultrafast", "forced-idr": "1"}
    parameters = {
        "scenecut": "0",
        "keyint": str(encoding.gop_frames),
        "min-keyint": "1",
        "open-gop": str(int(encoding.open_gop)),
        "b-adapt": "0",
    }
    if encoding.codec == "h264":
        most = str(encoding.bitrate_bps // 1000)
        parameters |= {"rc-lookahead": "0", "sync-lookahead": "0", "sliced-threads": "0"}
        parameters |= {"vbv-maxrate": most, "vbv-bufsize": most}
    else:
        # It looks ahead further than it reorders, has threads and a banner of its own, and under a limit of the rate
        # it skips the picture behind a key frame.
        parameters |= {"rc-lookahead": str(encoding.b_frames + 1), "pools": "none", "frame-threads": "1"}
        parameters |= {"log-level": "none", "info": "0"}
    if not encoding.b_frames:
        # It would turn B-frames off.
        options["tune"] = "zerolatency"
    name = "x264-params" if encoding.codec == "h264" else "x265-params"
    return options | {name: ":".join(f"{key}={value}" for key, value in parameters.items())}


def _parameter_sets(context: VideoCodecContext, codec: Codec) -> ParameterSets:
    nals = {nal_type(nal, codec): nal for nal in split_annex_b(context.extradata or b"")}
    *vps, sps, pps = (nals[kind] for kind in _SETS[codec])
    return ParameterSets(sps=sps, pps=pps, vps=vps[0] if vps else b"")
