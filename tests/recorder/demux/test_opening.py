import pytest

from recorder.demux.opening import opening_of
from recorder.errors import CameraUnreachable
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

LOGIN = Credentials("vi lle", "p@ss:wo/rd%")


def test_login_is_where_ffmpeg_looks_for_it_and_nowhere_else() -> None:
    opening = opening_of("rtspu://10.0.0.1:8554/live?x=1", LOGIN, Trust())
    assert opening.target == "rtsp://vi%20lle:p%40ss%3Awo%2Frd%25@10.0.0.1:8554/live?x=1"
    assert opening_of("rtspu://[::1]:80/live", LOGIN, Trust()).target.endswith("@[::1]:80/live")
    assert "wo" not in repr(opening) + opening.shown
    assert "live" not in repr(opening)


def test_pictures_alone_are_asked_for_over_datagrams() -> None:
    options = opening_of("rtspu://10.0.0.1/live", None, Trust()).options
    assert (options["rtsp_transport"], options["allowed_media_types"]) == ("udp", "video")


@pytest.mark.parametrize("url", ["http://c/x", "https://c/x", "udp://239.0.0.1:5000", "srt://c:9000", "file:///v.mp4"])
def test_stream_can_not_send_ffmpeg_to_another_kind_of_address(url: str) -> None:
    opening = opening_of(url, LOGIN, Trust())
    assert opening.options["protocol_whitelist"] == ("file" if url.startswith("file") else "none")
    assert (opening.connect is None) == url.startswith("file")
    assert "hls" not in opening.options["format_whitelist"]
    assert "concat" not in opening.options["format_whitelist"]


@pytest.mark.parametrize("url", ["http://c/x", "srt://c:9000?latency=200", "udp://239.0.0.1:5000"])
def test_ffmpeg_is_told_nothing_of_an_address_that_it_does_not_open(url: str) -> None:
    opening = opening_of(url, LOGIN, Trust())
    assert not opening.target
    assert "wo" not in repr(opening) + repr(opening.options)


def test_file_is_paced_and_its_name_may_hold_what_an_address_can_not() -> None:
    opening = opening_of("file:///var/a%20b.mp4", None, Trust())
    assert (opening.target, opening.paced, opening.resumes) == ("file:/var/a b.mp4", True, False)


def test_device_is_asked_for_what_it_codes_itself() -> None:
    opening = opening_of("v4l2:///dev/video0", None, Trust())
    assert (opening.target, opening.container, opening.options["input_format"]) == ("/dev/video0", "v4l2", "h264")


@pytest.mark.parametrize("url", ["rtsp://c/x", "ftp://c/x", "/etc/passwd", "http://[::1/x", ""])
def test_address_that_is_for_no_demuxer_is_refused(url: str) -> None:
    with pytest.raises(CameraUnreachable, match="garbage"):
        opening_of(url, None, Trust())
