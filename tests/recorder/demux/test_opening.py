import pytest

from recorder.demux.opening import opening_of
from recorder.errors import CameraUnreachable
from recorder.rtsp.auth import Credentials

LOGIN = Credentials("vi lle", "p@ss:wo/rd%")


def test_login_is_where_ffmpeg_looks_for_it_and_nowhere_else() -> None:
    opening = opening_of("rtspu://10.0.0.1:8554/live?x=1", LOGIN)
    assert opening.target == "rtsp://vi%20lle:p%40ss%3Awo%2Frd%25@10.0.0.1:8554/live?x=1"
    assert opening_of("http://[::1]:80/mjpg", LOGIN).target.endswith("@[::1]:80/mjpg")
    assert "wo" not in repr(opening) + opening.shown
    assert "live" not in repr(opening)


def test_pictures_alone_are_asked_for_over_datagrams() -> None:
    options = opening_of("rtspu://10.0.0.1/live", None).options
    assert (options["rtsp_transport"], options["allowed_media_types"]) == ("udp", "video")


@pytest.mark.parametrize("url", ["http://c/x", "https://c/x", "udp://239.0.0.1:5000", "file:///v.mp4"])
def test_stream_can_not_send_ffmpeg_to_another_kind_of_address(url: str) -> None:
    options = opening_of(url, None).options
    assert options["protocol_whitelist"].split(",")[0] == url.partition(":")[0]
    assert "hls" not in options["format_whitelist"]
    assert "concat" not in options["format_whitelist"]


def test_encrypted_camera_must_prove_who_it_is() -> None:
    opening = opening_of("https://camera/mjpg", LOGIN)
    assert opening.options["tls_verify"] == "1"
    assert "http," not in opening.options["protocol_whitelist"].replace("https,", "")


def test_file_is_paced_and_its_name_may_hold_what_an_address_can_not() -> None:
    opening = opening_of("file:///var/a%20b.mp4", None)
    assert (opening.target, opening.paced, opening.resumes) == ("file:/var/a b.mp4", True, False)


def test_device_is_asked_for_what_it_codes_itself() -> None:
    opening = opening_of("v4l2:///dev/video0", None)
    assert (opening.target, opening.container, opening.options["input_format"]) == ("/dev/video0", "v4l2", "h264")


@pytest.mark.parametrize("url", ["rtsp://c/x", "ftp://c/x", "/etc/passwd", "http://[::1/x", ""])
def test_address_that_is_for_no_demuxer_is_refused(url: str) -> None:
    with pytest.raises(CameraUnreachable, match="garbage"):
        opening_of(url, None)
