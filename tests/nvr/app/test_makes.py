"""URLs by make: each is one that `camera.add` takes, and says where it is known from."""

import pytest

from config.camera_url import camera_url
from nvr.app.makes import makes, url_for
from nvr.base.errors import InvalidValue
from recorder.rtsp.url import parse_url

ASKED_FOR = {"axis", "hikvision", "dahua", "bosch", "hanwha", "vivotek", "uniview", "avigilon", "ipro", "sony"}
ASKED_FOR |= {"milesight", "foscam"}


def test_makes_of_french_towns_are_known() -> None:
    assert makes().keys() >= ASKED_FOR


@pytest.mark.parametrize("make", sorted(makes()))
def test_url_of_a_make_is_one_that_can_be_recorded(make: str) -> None:
    url = url_for(make, "10.0.0.7")
    assert camera_url(url) == url
    assert parse_url(url).host == "10.0.0.7"
    assert "{" not in url
    assert makes()[make].source
    assert makes()[make].known_from in {"manual", "device", "secondary"}


@pytest.mark.parametrize(
    ("make", "more", "url"),
    [
        ("Panasonic/i-PRO", {}, "rtsp://10.0.0.7/MediaInput/h264/stream_1"),
        ("WISENET", {"port": 8554}, "rtsp://10.0.0.7:8554/profile2/media.smp"),
        ("dahua", {"channel": 3}, "rtsp://10.0.0.7/cam/realmonitor?channel=3&subtype=0"),
        ("hikvision", {"channel": 12}, "rtsp://10.0.0.7/Streaming/Channels/1201"),
    ],
)
def test_make_is_known_by_its_names(make: str, more: dict[str, int], url: str) -> None:
    assert url_for(make, "10.0.0.7", **more) == url


def test_host_may_be_a_name_or_of_ipv6() -> None:
    assert url_for("sony", "cam-7.ville.example") == "rtsp://cam-7.ville.example/media/video1"
    assert url_for("sony", "fd00::7") == "rtsp://[fd00::7]/media/video1"


@pytest.mark.parametrize(
    ("make", "host", "more", "field"),
    [
        ("nikon", "10.0.0.7", {}, "make"),
        ("axis", "10.0.0.777", {}, "host"),
        ("axis", "user@10.0.0.7", {}, "host"),
        ("axis", "10.0.0.7/x", {}, "host"),
        ("axis", "", {}, "host"),
        ("axis", "10.0.0.7", {"port": 65_536}, "port"),
        ("axis", "10.0.0.7", {"channel": 65}, "channel"),
        ("sony", "10.0.0.7", {"channel": 2}, "channel"),
    ],
)
def test_what_makes_no_url_is_named(make: str, host: str, more: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        url_for(make, host, **more)
    assert refusal.value.field == field
