from urllib.parse import urlsplit

import pytest

from config.camera_url import SCHEMES, Transport, camera_url, is_srt, srt_latency_ms
from nvr.base.errors import InvalidValue

GOOD = (
    "rtsp://10.0.0.1/live",
    "rtsp://10.0.0.1/live#video=2",
    "rtsps://camera.town:322/live?x=1",
    "rtspu://[::1]:554/live",
    "http://10.0.0.1/mjpg/video.mjpg",
    "https://camera/mjpg",
    "srt://10.0.0.1:9000?latency=200",
    "udp://239.1.2.3:5000",
    "file:///var/lib/street.mp4",
    "v4l2:///dev/video0",
)


@pytest.mark.parametrize("url", GOOD)
def test_address_of_a_known_kind_is_kept_as_it_is(url: str) -> None:
    assert camera_url(url) == url


def test_every_scheme_has_an_example_here() -> None:
    assert {url.partition(":")[0] for url in GOOD} == SCHEMES.keys()


@pytest.mark.parametrize(
    "url",
    [
        "srt://10.0.0.1",
        "srt://10.0.0.1:9000?passphrase=gr4ssh0pper",
        "srt://10.0.0.1:9000?latency=200&streamid=x",
        "srt://10.0.0.1:9000?latency=-1",
        "srt://10.0.0.1:9000/live",
        "srt://:9000",
        "rtmp://10.0.0.1/live",
        "concat:/a|/b",
        "rtsp:///live",
        "rtsp://10.0.0.1:0/",
        "rtsp://10.0.0.1:x/",
        "rtsp://u:p@10.0.0.1/",
        "http://u@10.0.0.1/",
        "rtsp://u:1/p@10.0.0.1/",
        "file:///a@b.mp4",
        "rtsp://10.0.0.1/live#video=0",
        "rtsp://10.0.0.1/live#p",
        "rtspu://10.0.0.1/live#video=2",
        "http://10.0.0.1/live#video=2",
        "udp://239.1.2.3",
        "file://server/x.mp4",
        "file:///",
        "v4l2:///etc/passwd",
        "v4l2:///dev/video0/../sda",
        "http://10.0.0.1/a b",
        "http://10.0.0.1/a\r\nX: y",
        "http://[::1/",
        "",
    ],
)
def test_other_address_is_refused_by_its_field_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        camera_url(url)
    assert caught.value.field == "url"
    assert "rtspu://" in str(caught.value.fields["expected"])
    assert caught.value.fields["value"] == "(hidden)"


def test_transport_is_part_of_the_address_that_is_kept() -> None:
    assert camera_url("rtsp://10.0.0.1/live", Transport.UDP) == "rtspu://10.0.0.1/live"
    assert camera_url("rtspu://10.0.0.1/live", Transport.UDP) == "rtspu://10.0.0.1/live"
    for other in ("rtsps://10.0.0.1/live", "rtsp://10.0.0.1/live#video=2"):
        with pytest.raises(InvalidValue) as caught:
            camera_url(other, Transport.UDP)
        assert caught.value.field == "transport"


@pytest.mark.parametrize(
    ("url", "latency_ms"), [("srt://c:1", None), ("srt://c:1/", None), ("srt://c:1?latency=80", 80)]
)
def test_latency_stands_in_the_address_where_it_is_asked_for(url: str, latency_ms: int | None) -> None:
    assert srt_latency_ms(urlsplit(camera_url(url))) == latency_ms


def test_scheme_is_known_in_any_case() -> None:
    assert [is_srt(camera_url(url)) for url in ("srt://c:1", "SRT://c:1", "http://c/srt:")] == [True, True, False]
