"""Films made for tests: real coding in real containers, with what the recorder is to store of them."""

from fractions import Fraction
from io import BytesIO
from typing import BinaryIO, Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

FPS: Final = 25
WIDTH, HEIGHT = 320, 180


def film(container: str, *, frames: int = 50, codec: str = "libx264", b_frames: int = 0, sound: bool = False) -> bytes:
    """A film in memory; a key frame every 10 pictures, every picture another."""
    file = BytesIO()
    write_film(file, container, frames=frames, codec=codec, b_frames=b_frames, sound=sound)
    return file.getvalue()


def write_film(
    to: BinaryIO | str,
    container: str,
    *,
    frames: int = 50,
    codec: str = "libx264",
    b_frames: int = 0,
    sound: bool = False,
) -> None:
    """The same to a file or an address."""
    options = {"g": "10", "bf": str(b_frames), "preset": "ultrafast"} if codec == "libx264" else {}
    if codec == "libx265":
        x265 = f"log-level=none:keyint=10:min-keyint=10:bframes={b_frames}:b-adapt=0:open-gop=0:info=0"
        options = {"preset": "ultrafast", "x265-params": x265}
    with av.open(to, "w", format=container) as output:
        video = output.add_stream(codec, rate=FPS, options=options)
        assert isinstance(video, VideoStream)
        video.width, video.height = WIDTH, HEIGHT
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = output.add_stream("aac", rate=8000) if sound else None
        for number in range(frames):
            for packet in video.encode(_picture(number, video.pix_fmt)):
                output.mux(packet)
            if isinstance(audio, AudioStream):
                for packet in audio.encode(_silence(number)):
                    output.mux(packet)
        for packet in video.encode(None):
            output.mux(packet)


def _picture(number: int, pix_fmt: str) -> av.VideoFrame:
    frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    for plane in frame.planes:
        plane.update(bytes([(number * 5 + 16) % 200]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def _silence(number: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 320), dtype="float32"), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 8000, number * 320, Fraction(1, 8000)
    return frame


def access_units(data: bytes) -> list[tuple[list[bytes], int]]:
    """NAL units and presentation times (90 kHz) of a film's pictures, in decode order, by another path than ours.

    A container without times gives 0. FFmpeg's own filter brings every container to Annex B.
    """
    units = []
    with av.open(BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        to_annex_b = av.BitStreamFilterContext(f"{stream.codec_context.name}_mp4toannexb", stream)
        for packet in container.demux(stream):
            last = not packet.size
            for filtered in to_annex_b.filter(None if last else packet):
                base = filtered.time_base
                assert base is not None
                nals = [nal.rstrip(b"\0") for nal in bytes(filtered).split(b"\0\0\1")]
                units.append(([nal for nal in nals if nal], round((filtered.pts or 0) * 90_000 * base)))
            if last:
                break
    return units
