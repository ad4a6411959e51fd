import io
import subprocess
from pathlib import Path

import av
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recorder.h265_sets import H265Sets, nal_type, parse_sps
from recorder.parameter_sets import BadParameterSet
from recorder.rtsp.messages import Response, parse
from recorder.rtsp.sdp import video_track
from tests.recorder.rtp import PPS_265, SPS_265, SPS_265_LARGE, VPS_265


@pytest.mark.parametrize(
    ("nal", "codec", "size"),
    [(SPS_265, "hvc1.1.6.L60.90", (320, 180)), (SPS_265_LARGE, "hvc1.1.6.L120.90", (1920, 1080))],
)
def test_size_is_that_of_the_conformance_window(nal: bytes, codec: str, size: tuple[int, int]) -> None:
    sps = parse_sps(nal)
    assert (sps.general.codec, (sps.width, sps.height)) == (codec, size)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [
        ("anjvision_describe", "hvc1.1.2.L153", (1280, 704)),
        ("dahua_describe_h265_pcma", "hvc1.1.6.L90.B0", (704, 480)),
    ],
)
def test_real_cameras_parameter_sets_are_read(name: str, codec: str, size: tuple[int, int], shared_data: Path) -> None:
    raw = (shared_data / "rtsp" / f"{name}.txt").read_bytes()
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    sets = H265Sets()
    for nal in video_track(message, "rtsp://camera/").parameter_sets:
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    assert (config.codec, (config.width, config.height)) == (codec, size)


def test_configuration_waits_for_a_set_of_each_kind() -> None:
    sets = H265Sets()
    for nal in (VPS_265, PPS_265):
        sets.offer(nal)
        assert sets.config() is None
    sets.offer(SPS_265)
    config = sets.config()
    assert config is not None
    arrays = b"".join(
        bytes([0x80 | nal_type(nal)]) + b"\0\1" + len(nal).to_bytes(2, "big") + nal
        for nal in (VPS_265, SPS_265, PPS_265)
    )
    assert config.extradata[22:] == b"\3" + arrays
    general = bytes.fromhex("01 01 60000000 900000000000 3c")
    assert config.extradata[:22] == general + bytes.fromhex("f000 fc fd f8 f8 0000 0f")


@pytest.mark.parametrize(
    "nal", [b"", b"\x42", b"\x42\x01", b"\x42\x01\x01\x01", b"\x26\x01\x88", SPS_265[:16], b"\x40\x01"]
)
def test_what_is_no_parameter_set_changes_nothing(nal: bytes) -> None:
    sets = H265Sets()
    for good in (VPS_265, SPS_265, PPS_265):
        sets.offer(good)
    before = sets.config()
    with pytest.raises(BadParameterSet):
        sets.offer(nal)
    assert sets.config() == before


@given(st.binary(max_size=80))
@example(b"\xff" * 60)
@example(b"\x00" * 60)
def test_any_bytes_raise_nothing_but_the_typed_error(noise: bytes) -> None:
    for nal in (noise, b"\x42\x01" + noise, SPS_265[:3] + noise, SPS_265[:18] + noise):
        try:
            sps = parse_sps(nal)
        except BadParameterSet:
            continue
        assert 0 < sps.width <= 16_384
        assert 0 < sps.height <= 16_384


@pytest.mark.system("ffprobe", "ffmpeg")
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le", "yuv444p", "gray"])
@pytest.mark.parametrize("size", ["1918x1078", "176x144", "720x576"])
def test_configuration_agrees_with_what_another_muxer_writes(pixels: str, size: str, tmp_path: Path) -> None:
    target = tmp_path / "one.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color=gray:size={size}:rate=25", "-frames:v", "1"]
    command += ["-pix_fmt", pixels, "-c:v", "libx265", "-x265-params", "log-level=none:info=0:temporal-layers=2"]
    subprocess.run([*command, "-tag:v", "hvc1", str(target)], check=True, timeout=30, capture_output=True)
    with av.open(str(target)) as movie:
        foreign = movie.streams.video[0].codec_context.extradata or b""
    sets = H265Sets()
    for nal in _arrays(foreign):
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    assert f"{config.width}x{config.height}" == size
    told, ours = bytearray(foreign), bytearray(config.extradata)
    for record in (told, ours):
        record[13:16] = bytes(3)  # segmentation and parallelism, which we tell as unknown
        record[19:21] = bytes(2)  # frame rate
    assert ours == told


def _arrays(record: bytes) -> list[bytes]:
    """The NAL units in an hvcC."""
    stream = io.BytesIO(record[22:])
    nals: list[bytes] = []
    for _ in range(stream.read(1)[0]):
        stream.read(1)
        count = int.from_bytes(stream.read(2), "big")
        nals += [stream.read(int.from_bytes(stream.read(2), "big")) for _ in range(count)]
    return nals
