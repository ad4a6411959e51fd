"""What stored pictures of a simulated camera show: the instant that it drew into each."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from nvr.base.units import US_PER_SECOND
from nvr.sim.camera import Codec
from nvr.sim.picture import read_instant_utc_us


def drawn_instants(
    extradata: bytes, samples: Iterable[tuple[int, bytes]], codec: Codec = "h264"
) -> Iterator[tuple[int, int | None]]:
    """For each picture its own time, as given, and the instant in it; None where the code can not be read.

    `extradata` is an avcC or hvcC record; `samples` are MP4 samples in decoding order, each with a time in
    microseconds of any origin. Pictures come in the order of being shown.
    """
    name = "h264" if codec == "h264" else "hevc"
    decoder = av.CodecContext.create(name, "r")
    if not isinstance(decoder, VideoCodecContext):
        raise TypeError(f"{name} is not a video codec in this build of FFmpeg")
    decoder.extradata = extradata
    for at_us, data in samples:
        packet = av.Packet(data)
        packet.pts = at_us
        packet.time_base = Fraction(1, US_PER_SECOND)
        yield from map(_drawn, decoder.decode(packet))
    yield from map(_drawn, decoder.decode(None))


def _drawn(frame: VideoFrame) -> tuple[int, int | None]:
    if frame.pts is None:
        raise AssertionError("every sample has a time")
    return frame.pts, read_instant_utc_us(frame.to_ndarray(format="gray"))
