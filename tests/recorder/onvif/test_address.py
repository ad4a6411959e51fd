import pytest

from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import OnvifAddress, address_of, host_of, is_encrypted, is_host_alone


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.7", OnvifAddress("10.0.0.7")),
        (" camera.ville.example ", OnvifAddress("camera.ville.example")),
        ("10.0.0.7:8000", OnvifAddress("10.0.0.7", 8000)),
        ("2001:db8::7", OnvifAddress("2001:db8::7")),
        ("[2001:db8::7]:8080", OnvifAddress("2001:db8::7", 8080)),
        ("https://10.0.0.7/onvif/device", OnvifAddress("10.0.0.7", 443, tls=True, path="/onvif/device")),
        ("http://u:p@10.0.0.7:81", OnvifAddress("10.0.0.7", 81)),
        ("http://10.0.0.7/a?b=c", OnvifAddress("10.0.0.7", path="/a?b=c")),
    ],
)
def test_address_is_read_and_a_login_in_it_dropped(text: str, address: OnvifAddress) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text", ["", "rtsp://h/", "http://", "h:0", "h:99999", "http://h/a b", "http://h/é", "x" * 1025]
)
def test_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        address_of(text)
    assert failed.value.cause is Cause.GARBAGE


@pytest.mark.parametrize(
    ("xaddr", "service"),
    [
        ("http://10.0.0.7:8080/onvif/media", OnvifAddress("10.0.0.7", 8080, path="/onvif/media")),
        ("http://192.168.1.64:9999/onvif/media", OnvifAddress("10.0.0.7", 8000, path="/onvif/media")),
        ("https://10.0.0.7:8443/onvif/media", OnvifAddress("10.0.0.7", 8000, path="/onvif/media")),
    ],
)
def test_service_is_on_the_host_that_was_reached(xaddr: str, service: OnvifAddress) -> None:
    assert OnvifAddress("10.0.0.7", 8000).service(xaddr) == service


def test_camera_leads_nobody_down_from_tls() -> None:
    reached = OnvifAddress("10.0.0.7", 443, tls=True)
    assert reached.service("http://10.0.0.7:80/onvif/media") == OnvifAddress(
        "10.0.0.7", 443, tls=True, path="/onvif/media"
    )


def test_nothing_but_host_and_port_is_shown() -> None:
    assert repr(OnvifAddress("10.0.0.7", path="/x?password=1")) == "OnvifAddress(10.0.0.7:80)"
    assert OnvifAddress("fe80::1", 81).authority == "[fe80::1]:81"


@pytest.mark.parametrize(
    ("text", "alone"),
    [("h", True), ("10.0.0.7", True), ("::1", True), ("h:80", False), ("[::1]:80", False), ("http://h", False)],
)
def test_host_alone_is_told_from_a_place_on_it(text: str, alone: bool) -> None:
    assert is_host_alone(text) is alone


def test_host_of_an_address_that_has_none_is_empty() -> None:
    assert [host_of(url) for url in ("rtsp://[::1]:554/x", "file:///x", "rtsp://[")] == ["::1", "", ""]


def test_encrypted_stream_is_told_from_an_open_one_and_its_services_are_encrypted_too() -> None:
    assert [is_encrypted(url) for url in ("rtsps://h/", "HTTPS://h/", "rtsp://h/", "rtspu://h/")] == [
        True,
        True,
        False,
        False,
    ]
    assert OnvifAddress("h", 8000).encrypted == OnvifAddress("h", 443, tls=True)
    assert OnvifAddress("h", 8443, tls=True).encrypted.port == 8443
