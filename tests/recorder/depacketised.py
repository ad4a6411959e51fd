"""A depacketiser fed as the connection does it, and what it told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from recorder.codecs import AnyDepacketiser
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from storage.buffers import BufferPool
from storage.records import RandomAccess


@dataclass(frozen=True)
class Unit:
    timestamp: int
    data: bytes
    random_access: RandomAccess
    lost: int
    joins: bool


@dataclass
class Units:
    """Takes every unit out of the depacketiser at once."""

    units: list[Unit] = field(default_factory=list)
    sources: int = 0
    depacketiser: H264Depacketiser | H265Depacketiser | None = None

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:
        assert self.depacketiser is not None
        data = bytes(self.depacketiser.take(0))
        assert len(data) == size
        self.units.append(Unit(timestamp, data, random_access, lost, joins))

    def source_changed(self) -> None:
        self.sources += 1


def depacketiser_for(
    kind: AnyDepacketiser, parameter_sets: Sequence[bytes] = ()
) -> tuple[H264Depacketiser | H265Depacketiser, Units]:
    units = Units()
    depacketiser = kind(units, BufferPool(), channel=0, payload_type=96, parameter_sets=parameter_sets)
    units.depacketiser = depacketiser
    return depacketiser, units


def feed(depacketiser: H264Depacketiser | H265Depacketiser, stream: bytes, reads: list[int] | None = None) -> None:
    """As the connection does it: frames that `walk` leaves because they are short go to `packet`."""
    buffer = bytearray(stream)
    view = memoryview(buffer)
    at = 0
    for end in [*sorted(reads or []), len(buffer)]:
        while at < end:
            at = depacketiser.walk(buffer, view, at, end)
            if end - at < 4:
                break
            stop = at + 4 + int.from_bytes(buffer[at + 2 : at + 4], "big")
            if stop > end:
                break
            depacketiser.packet(buffer, view, at + 4, stop)
            at = stop


def units_of(kind: AnyDepacketiser, packets: Sequence[bytes], parameter_sets: Sequence[bytes] = ()) -> list[Unit]:
    depacketiser, units = depacketiser_for(kind, parameter_sets)
    feed(depacketiser, b"".join(packets))
    return units.units


def nals_of(data: bytes) -> list[bytes]:
    """The NAL units of a sample; they must fill it."""
    nals, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 0 < size <= len(data) - at - 4
        nals.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return nals
