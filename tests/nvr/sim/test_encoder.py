from collections.abc import Sequence
from dataclasses import replace

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import ticks_from_us, us_from_ticks
from nvr.sim.camera import Codec, SimCamera
from nvr.sim.encoder import (
    NAL_PPS,
    NAL_SPS,
    AccessUnit,
    Encoder,
    Encoding,
    ParameterSets,
    nal_type,
    split_annex_b,
)
from nvr.sim.picture import Painter, read_instant_utc_us

BEGAN_UTC_US = 1_790_000_000_123_456
SMALL = Encoding(width=320, height=180, fps=25, gop_frames=10, bitrate_bps=200_000)
CODECS = pytest.mark.parametrize("codec", ["h264", "h265"])


def _encode(encoding: Encoding, frames: int, keys: Sequence[int] = ()) -> tuple[ParameterSets, list[AccessUnit]]:
    painter = Painter(name="cam1", width=encoding.width, height=encoding.height)
    encoder = Encoder(encoding)
    units = []
    for index in range(frames):
        elapsed_us = index * 1_000_000 // encoding.fps
        units += encoder.encode(painter.draw(BEGAN_UTC_US + elapsed_us), ticks_from_us(elapsed_us), key=index in keys)
    return encoder.parameter_sets, units + encoder.flush()


def _decode(sets: ParameterSets, units: Sequence[AccessUnit]) -> list[tuple[int, int | None]]:
    decoder = av.CodecContext.create("h264" if sets.codec == "h264" else "hevc", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = b"".join(b"\0\0\0\1" + nal for nal in sets.nals)
    frames = []
    for unit in units:
        packet = av.Packet(b"".join(b"\0\0\0\1" + nal for nal in unit.nals))
        packet.pts = unit.pts_90k
        frames += decoder.decode(packet)
    frames += decoder.decode(None)
    return [(frame.pts or 0, read_instant_utc_us(frame.to_ndarray(format="gray"))) for frame in frames]


@pytest.mark.parametrize(
    ("width", "height", "bitrate_bps", "b_frames"),
    [
        (640, 360, 800_000, 0),
        (640, 360, 100_000, 0),
        (640, 360, 300_000, 2),
        (320, 180, 60_000, 0),
        (160, 90, 60_000, 0),
        (1280, 720, 250_000, 0),
    ],
)
def test_instant_is_read_from_every_decoded_picture_even_at_low_bitrate(
    width: int, height: int, bitrate_bps: int, b_frames: int
) -> None:
    encoding = Encoding(width=width, height=height, fps=25, gop_frames=50, bitrate_bps=bitrate_bps, b_frames=b_frames)
    sets, units = _encode(encoding, 75)
    assert _decode(sets, units) == [(3600 * index, BEGAN_UTC_US + 40_000 * index) for index in range(75)]


def test_bitrate_is_what_was_asked_for() -> None:
    encoding = replace(SMALL, width=640, height=360, bitrate_bps=800_000, gop_frames=50)
    _, units = _encode(encoding, 150)
    sent_bits = sum(len(nal) for unit in units for nal in unit.nals) * 8
    assert sent_bits == pytest.approx(800_000 * 6, rel=0.15)


@CODECS
def test_key_frames_come_at_each_gop_and_when_asked_for(codec: Codec) -> None:
    _, units = _encode(replace(SMALL, codec=codec), 30, keys=[13])
    assert [index for index, unit in enumerate(units) if unit.key] == [0, 10, 13, 23]


@CODECS
def test_decoding_may_begin_at_any_key_frame(codec: Codec) -> None:
    sets, units = _encode(replace(SMALL, codec=codec), 30)
    assert _decode(sets, units[20:])[0] == (72_000, BEGAN_UTC_US + 800_000)


@CODECS
def test_b_frames_leave_in_decoding_order_and_none_is_lost(codec: Codec) -> None:
    _, units = _encode(replace(SMALL, codec=codec, b_frames=2), 30)
    instants_90k = [unit.pts_90k for unit in units]
    assert instants_90k != sorted(instants_90k)
    assert sorted(instants_90k) == [3600 * index for index in range(30)]


def test_open_groups_have_pictures_before_their_key_frame() -> None:
    sets, units = _encode(replace(SMALL, codec="h265", gop_frames=12, b_frames=2, open_gop=True), 40)
    keys = [at for at, unit in enumerate(units) if unit.key]
    assert [nal_type(unit.nals[-1], "h265") for unit in units if unit.key][1:] == [21] * (len(keys) - 1)
    assert all(units[at + 1].pts_90k < units[at].pts_90k for at in keys[1:])
    assert _decode(sets, units) == [(3600 * index, BEGAN_UTC_US + 40_000 * index) for index in range(40)]


def test_parameter_sets_are_known_before_anything_is_encoded() -> None:
    sets = Encoder(SMALL).parameter_sets
    assert (nal_type(sets.sps), nal_type(sets.pps)) == (NAL_SPS, NAL_PPS)
    assert sets == Encoder(SMALL).parameter_sets


def test_encoding_of_a_camera_is_what_the_camera_says() -> None:
    camera = SimCamera("cam1", width=320, height=180, fps=25, gop_frames=10, bitrate_bps=200_000)
    assert Encoding.of(camera) == SMALL


@given(
    st.lists(st.binary(min_size=1, max_size=50).filter(lambda nal: b"\0\0" not in nal and nal[0] and nal[-1])),
    st.sampled_from([b"\0\0\1", b"\0\0\0\1"]),
)
def test_annex_b_is_split_at_start_codes_of_either_length(nals: list[bytes], start_code: bytes) -> None:
    assert split_annex_b(b"".join(start_code + nal for nal in nals)) == nals


@given(st.integers(0, 10**9))
def test_presentation_time_tells_the_frame(index: int) -> None:
    elapsed_us = index * 1_000_000 // 25
    assert us_from_ticks(ticks_from_us(elapsed_us)) == elapsed_us
