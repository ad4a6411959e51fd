"""The codings whose depacketisers are fuzzed; another one is another row, and the only place that names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from recorder.depacketiser import MAX_PENDING, UnitSink
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from recorder.rtsp.sdp import VideoTrack
from storage.buffers import BufferPool
from tests.recorder.rtp import (
    AUD,
    AUD_265,
    PPS,
    PPS_265,
    SEI_265_RECOVERY,
    SEI_265_SUFFIX,
    SEI_RECOVERY,
    SPS,
    SPS_265,
    SPS_265_LARGE,
    SPS_LARGE,
    VPS_265,
    aggregate,
    aggregate_265,
    fragments,
    fragments_265,
    idr,
    inter,
    paci_265,
    slice_265,
)

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


_SETS_265 = (VPS_265, SPS_265, PPS_265)
_H264 = VideoTrack("H264", 96, "", "", (SPS, PPS))
_H265 = VideoTrack("H265", 96, "", "", _SETS_265)


def _h264(sink: UnitSink, pool: BufferPool) -> Depacketiser:
    return H264Depacketiser(sink, pool, channel=0, payload_type=96, parameter_sets=(SPS, PPS))


def _h265(sink: UnitSink, pool: BufferPool) -> Depacketiser:
    return H265Depacketiser(sink, pool, channel=0, payload_type=96, parameter_sets=_SETS_265)


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
        Coding(
            name="h265",
            track=_H265,
            make=_h265,
            closing=slice_265(19, 30),
            payloads=(
                *_SETS_265,
                SPS_265_LARGE,
                AUD_265,
                slice_265(19),
                slice_265(1, 20),
                slice_265(21),
                slice_265(9, 20),
                SEI_265_RECOVERY,
                SEI_265_SUFFIX,
                aggregate_265(*_SETS_265, slice_265(20, 20)),
                VPS_265 + b"\0\0\0\1" + SPS_265,
                paci_265(slice_265(19), b"abc"),
                *fragments_265(slice_265(19, 90), 30),
                *map(paci_265, fragments_265(slice_265(1, 50), 30)),
            ),
        ),
    )
}
