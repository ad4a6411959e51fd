"""The codings whose depacketisers are fuzzed; another one is another row, and the only place that names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from recorder.depacketiser import MAX_PENDING, UnitSink
from recorder.h264 import H264Depacketiser
from recorder.rtsp.sdp import VideoTrack
from storage.buffers import BufferPool
from tests.recorder.rtp import AUD, PPS, SEI_RECOVERY, SPS, SPS_LARGE, aggregate, fragments, idr, inter

MOST_JOINED_BYTES: Final = MAX_PENDING


class Depacketiser(Protocol):
    """What every depacketiser has, whatever the coding; see recorder.run for the order of calls."""

    _end: int
    _out: bytearray

    @property
    def unfinished(self) -> int: ...

    def take(self, keep: int) -> bytearray: ...

    def discard(self) -> None: ...

    def walk(self, buffer: bytearray, view: memoryview, at: int, end: int) -> int: ...

    def packet(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> None: ...


@dataclass(frozen=True)
class Coding:
    """What a target needs to know of one coding."""

    name: str
    track: VideoTrack
    make: Callable[[UnitSink, BufferPool], Depacketiser]
    closing: bytes
    """A packet's payload that is a whole random access point."""
    payloads: Sequence[bytes]
    """Payloads of every kind, to begin with."""


_H264 = VideoTrack("H264", 96, "", "", (SPS, PPS))


def _h264(sink: UnitSink, pool: BufferPool) -> Depacketiser:
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
