"""What a camera sends is what a bundle holds, NAL unit by NAL unit: from RTP packets to the samples of a movie."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from access.verification.bundle import verify_bundle
from access.verification.movie import parse_movie, read_tables
from nvr.base.clock import SimClock
from nvr.base.units import us_from_ticks
from nvr.sim.camera import Codec
from nvr.sim.encoder import AccessUnit
from recorder.codecs import depacketiser_of
from recorder.gaps import GapLog
from recorder.recording import Recording
from recorder.run import Run
from recorder.server_clock import ServerClock
from storage.buffers import BufferPool
from storage.records import RandomAccess
from storage.snapshot import CameraEntry
from tests.access.footage import CAMERA, FRAME_US, Town, encode
from tests.recorder.fakes import MemoryEvents, MemorySink, Segment
from tests.recorder.rtp import SEI_265_RECOVERY, Packets, fragments, fragments_265, sample

CODECS = pytest.mark.parametrize("codec", ["h264", "h265"])
SIGNATURE = bytes(range(1, 200)) + b"\0\0\3\0\0\3\1" + bytes(range(200, 256)) + b"\x80"
"""What a camera may put into SEI: with emulation prevention, and longer than a packet."""
PREFIX = {"h264": b"\6\5" + SIGNATURE, "h265": b"\x4e\1\5" + SIGNATURE}
SUFFIX = {"h264": b"\x0c\xff\xff\x80", "h265": b"\x50\1\5" + SIGNATURE}
"""Behind the slices: suffix SEI; H.264 has none there, but filler."""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.close()


def signed(unit: AccessUnit) -> list[bytes]:
    """The unit's NAL units with SEI in front of its slices and behind them."""
    first = next(at for at, nal in enumerate(unit.nals) if _is_slice(nal, unit.codec))
    return [*unit.nals[:first], PREFIX[unit.codec], *unit.nals[first:], SUFFIX[unit.codec]]


def _is_slice(nal: bytes, codec: Codec) -> bool:
    return nal[0] & 0x1F in (1, 5) if codec == "h264" else nal[0] >> 1 & 0x3F < 32


def recorded(codec: Codec, units: Sequence[tuple[list[bytes], int]], segment_us: int) -> list[Segment]:
    """NAL units and presentation times in decoding order, sent packet by packet, as the recorder hands them over."""
    clock, sink, events = SimClock(), MemorySink(), MemoryEvents()
    server = ServerClock(clock, events, first_epoch=1, is_synchronised=lambda: True)
    entry = CameraEntry(CAMERA, "rtsp://cam1/", 0)
    recording = Recording(entry, sink, GapLog(CAMERA, events), segment_us=segment_us, first_segment_us=segment_us)
    kind = depacketiser_of(codec.upper())
    run = Run(recording, server, lambda sink: kind(sink, BufferPool(), channel=0, payload_type=96))
    packets, cut, began_us = Packets(), fragments if codec == "h264" else fragments_265, clock.mono_us()
    for nals, pts_90k in units:
        clock.advance(max(0, began_us + us_from_ticks(pts_90k) - clock.mono_us()))
        parts = [part for nal in nals for part in (cut(nal, 150) if len(nal) > 150 else [nal])]
        buffer = bytearray(b"".join(packets.unit(pts_90k, parts)))
        run.reading(clock.mono_us())
        with memoryview(buffer) as view:
            assert run.depacketiser.walk(buffer, view, 0, len(buffer)) == len(buffer)
        run.read()
    run.flush()
    recording.rotate()
    return sink.of(CAMERA)


def samples(path: Path) -> list[bytes]:
    movie, data = parse_movie(read_tables(path)), path.read_bytes()
    return [data[one.offset : one.offset + one.size] for one in movie.samples]


@CODECS
@pytest.mark.parametrize("b_frames", [0, 2])
def test_signatures_of_the_camera_are_in_the_movie_byte_for_byte(town: Town, codec: Codec, b_frames: int) -> None:
    sets, units = encode(60, codec=codec, b_frames=b_frames)
    sent = [(signed(unit), unit.pts_90k) for unit in units]
    sent[0] = [*sets.nals, *sent[0][0]], sent[0][1]
    for segment in recorded(codec, sent, 300_000_000):
        town.seal_segment(segment.start, segment.records)
    begin = town.sealed[0].header.start_utc_us
    bundle = town.export(town.grant(begin, begin + 60 * FRAME_US + 1_000_000)).path
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    (movie,) = (bundle / "video").iterdir()
    assert samples(movie) == [sample(*nals) for nals, _ in sent]
    with av.open(str(movie)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == len(units)


def refreshing(codec: Codec, frames: int) -> list[tuple[list[bytes], int]]:
    """A moving picture of which a part is refreshed with each frame; a recovery point every 50, no key frame but one.

    libx265 refreshes within 27 frames, and marks no recovery point, so that it is put in.
    """
    file = BytesIO()
    x265 = "log-level=none:info=0:keyint=25:min-keyint=25:intra-refresh=1:bframes=0"
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": "50", "intra-refresh": "1", "x265-params": x265}
    with av.open(file, "w", format="h264" if codec == "h264" else "hevc") as output:
        video = output.add_stream(f"libx{codec[1:]}", rate=25, options=options)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        for number in range(frames):
            picture = np.full((144, 160), number * 2 % 256, dtype="uint8")
            picture[:, number % 140 : number % 140 + 20] = 255 - picture[:1, :20]
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    units: list[list[bytes]] = [[]]
    for nal in (nal.rstrip(b"\0") for nal in file.getvalue().split(b"\0\0\1")):
        if nal:
            units[-1].append(nal)
            if _is_slice(nal, codec):
                units.append([])
    sent = [(nals, number * 3600) for number, nals in enumerate(units[:-1])]
    if codec == "h265":
        sent = [([SEI_265_RECOVERY, *n] if at and at % 50 == 0 else n, pts) for at, (n, pts) in enumerate(sent)]
    return sent


def _pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as opened:
        if opened.streams.video[0].codec_context.name == "hevc":  # FFmpeg would wait for a key frame that never comes
            opened.streams.video[0].codec_context.options = {"flags": "+output_corrupt"}
        return [frame.to_ndarray().tobytes() for frame in opened.decode(video=0)]


@CODECS
@pytest.mark.parametrize("first", [110, 150, 199])
def test_picture_that_is_refreshed_part_by_part_is_whole_from_the_first_frame_shown(
    town: Town, codec: Codec, first: int
) -> None:
    segments = recorded(codec, refreshing(codec, 250), 300_000_000)
    for segment in segments:
        town.seal_segment(segment.start, segment.records)
    kinds = [record.random_access for segment in segments for record in segment.records]
    assert kinds == [RandomAccess.IDR] + [RandomAccess.RECOVERY_POINT] * 4
    begin = segments[0].start.start_utc_us
    all_of_it = town.export(town.grant(begin, begin + 250 * FRAME_US)).path
    some = town.export(town.grant(begin + first * FRAME_US, begin + (first + 20) * FRAME_US), number=2).path
    for bundle in (all_of_it, some):
        report = verify_bundle(bundle)
        assert report.ok, report.findings
    (whole,), (part,) = ((bundle / "video").iterdir() for bundle in (all_of_it, some))
    assert _pictures(part) == _pictures(whole)[first : first + 20]
    assert len(samples(part)) < len(samples(whole))


@CODECS
def test_group_longer_than_a_segment_is_cut_and_shown_from_its_last_part_alone(town: Town, codec: Codec) -> None:
    sets, units = encode(500, gop_frames=500, codec=codec)
    sent = [(list(unit.nals), unit.pts_90k) for unit in units]
    sent[0] = [*sets.nals, *sent[0][0]], sent[0][1]
    segments = recorded(codec, sent, 5_000_000)
    assert len(segments) >= 4
    for before, after in pairwise(segments):
        assert after.start.continues == before.start.segment
        assert after.start.run == before.start.run
        assert {record.random_access for record in after.records} == {RandomAccess.NONE}
    for segment in segments:
        assert segment.records[-1].start_utc_us - segment.start.start_utc_us < 5_000_000
        town.seal_segment(segment.start, segment.records)
    begin = segments[3].start.start_utc_us + 30 * FRAME_US
    bundle = town.export(town.grant(begin, begin + 10 * FRAME_US)).path
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    (movie,) = (bundle / "video").iterdir()
    held = samples(movie)
    assert held == [sample(*nals) for nals, _ in sent[: len(held)]]
    with av.open(str(movie)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 10
