"""The codings whose depacketisers are fuzzed; another one is another row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.h264 import H264Depacketiser, UnitSink
from recorder.rtsp.sdp import VideoTrack
from storage.buffers import BufferPool
from tests.recorder.rtp import AUD, PPS, SEI_RECOVERY, SPS, SPS_LARGE, aggregate, fragments, idr, inter


@dataclass(frozen=True)
class Coding:
    """What a target needs to know of one coding."""

    name: str
    track: VideoTrack
    make: Callable[[UnitSink, BufferPool], H264Depacketiser]
    closing: bytes
    """A packet's payload that is a whole random access point."""
    payloads: Sequence[bytes]
    """Payloads of every kind, to begin with."""


_H264 = VideoTrack("H264", 96, "", "", (SPS, PPS))


def _h264(sink: UnitSink, pool: BufferPool) -> H264Depacketiser:
    return H264Depacketiser(sink, pool, channel=0, payload_type=96, parameter_sets=(SPS, PPS))


CODINGS: Final = {
    coding.name: coding
    for coding in (
        Coding(
            name="h264",
            track=_H264,
            make=_h264,
            closing=idr(30),
            payloads=(
                SPS,
                SPS_LARGE,
                AUD,
                idr(40),
                inter(20),
                SEI_RECOVERY + inter(9),
                aggregate(SPS, PPS, idr(20)),
                SPS + b"\0\0\0\1" + PPS,
                *fragments(idr(90), 30),
                *fragments(inter(50), 30),
            ),
        ),
    )
}
