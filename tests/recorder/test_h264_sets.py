import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recorder.h264_sets import H264Sets, parse_sps
from recorder.parameter_sets import BadParameterSet
from recorder.rtsp.messages import Response, parse
from recorder.rtsp.sdp import video_track
from tests.recorder.rtp import PPS, SPS, SPS_LARGE, SPS_MAIN


@pytest.mark.parametrize(
    ("nal", "codec", "size"),
    [
        (SPS, "avc1.42c00c", (320, 180)),
        (SPS_LARGE, "avc1.42c028", (1920, 1080)),
        (SPS_MAIN, "avc1.4d401e", (640, 360)),
    ],
)
def test_size_is_that_of_the_picture_after_cropping(nal: bytes, codec: str, size: tuple[int, int]) -> None:
    sps = parse_sps(nal)
    assert (sps.codec, (sps.width, sps.height)) == (codec, size)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [
        ("bunny_describe", "avc1.42c01e", (240, 160)),
        ("dahua_describe_h264_aac_onvif", "avc1.64001e", (704, 480)),
        ("foscam_describe", "avc1.4d001f", (1280, 720)),
        ("hikvision_describe", "avc1.4d0029", (1920, 1080)),
        ("ipcam_describe", "avc1.4d0020", (1280, 960)),
        ("reolink_describe", "avc1.640033", (2560, 1440)),
    ],
)
def test_real_cameras_parameter_sets_are_read(name: str, codec: str, size: tuple[int, int], shared_data: Path) -> None:
    raw = (shared_data / "rtsp" / f"{name}.txt").read_bytes()
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    sets = H264Sets()
    for nal in video_track(message, "rtsp://camera/").parameter_sets:
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    assert (config.codec, (config.width, config.height)) == (codec, size)


def test_avcc_holds_the_sets_in_the_layout_of_the_standard() -> None:
    sets = H264Sets()
    assert sets.config() is None
    assert sets.offer(SPS)
    assert sets.config() is None
    assert sets.offer(PPS)
    config = sets.config()
    assert config is not None
    assert config.extradata == (
        b"\x01\x42\xc0\x0c\xff\xe1" + len(SPS).to_bytes(2, "big") + SPS + b"\x01" + len(PPS).to_bytes(2, "big") + PPS
    )


@pytest.mark.shared_data
def test_avcc_of_high_profile_names_chroma_and_depth(shared_data: Path) -> None:
    raw = (shared_data / "rtsp" / "reolink_describe.txt").read_bytes()
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    sets = H264Sets()
    for nal in video_track(message, "rtsp://camera/").parameter_sets:
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    assert config.extradata[-4:] == b"\xfd\xf8\xf8\x00"


@pytest.mark.parametrize(
    "nal", [b"", b"\x67", b"\x67\x42\xc0\x0c", b"\x67" * 5000, b"\x41" + SPS[1:], SPS[:6], b"\x68"]
)
def test_what_is_no_parameter_set_changes_nothing(nal: bytes) -> None:
    sets = H264Sets()
    sets.offer(SPS)
    sets.offer(PPS)
    before = sets.config()
    with pytest.raises(BadParameterSet):
        sets.offer(nal)
    assert sets.config() == before


def test_sets_beyond_what_an_avcc_can_count_are_refused() -> None:
    sets = H264Sets()
    sets.offer(SPS)
    for index in range(31):
        sets.offer(bytes([0x68, *_golomb(index)]))
    with pytest.raises(BadParameterSet, match="too many"):
        sets.offer(bytes([0x68, *_golomb(31)]))


def _golomb(value: int) -> bytes:
    bits = f"{value + 1:b}"
    text = "0" * (len(bits) - 1) + bits + "1"
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


@given(st.binary(max_size=80))
@example(b"\x67\xf4\x00\x28" + b"\xff" * 60)
@example(b"\x67\x64\x00\x28" + b"\x00" * 60)
def test_any_bytes_raise_nothing_but_the_typed_error(noise: bytes) -> None:
    for nal in (noise, b"\x67" + noise, b"\x67\x64\x00\x28" + noise, SPS[:5] + noise):
        try:
            sps = parse_sps(nal)
        except BadParameterSet:
            continue
        assert 0 < sps.width <= 16_384
        assert 0 < sps.height <= 16_384


@pytest.mark.system("ffprobe", "ffmpeg")
@pytest.mark.parametrize("profile", ["baseline", "main", "high", "high422", "high444"])
@pytest.mark.parametrize("size", ["1918x1078", "176x144", "720x576"])
def test_size_agrees_with_what_x264_was_told(profile: str, size: str, tmp_path: Path) -> None:
    pixels = {"high422": "yuv422p", "high444": "yuv444p"}.get(profile, "yuv420p")
    target = tmp_path / "one.h264"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color=gray:size={size}:rate=25", "-frames:v", "1"]
    command += ["-pix_fmt", pixels, "-c:v", "libx264", "-profile:v", profile, "-bsf:v", "h264_mp4toannexb"]
    subprocess.run([*command, "-f", "h264", str(target)], check=True, timeout=30)
    nals = [nal.rstrip(b"\0") for nal in target.read_bytes().split(b"\0\0\1")]
    sps = parse_sps(next(nal for nal in nals if nal and nal[0] & 0x1F == 7))
    assert f"{sps.width}x{sps.height}" == size
