import pytest

from nvr.sim.onvif.answers import device, instant, media
from nvr.sim.onvif.camera import Head, OnvifCamera, Profile
from nvr.sim.onvif.words import Asked, Fault, answer, asked

CAMERA = OnvifCamera(
    make="A&B",
    profiles=(Profile("p", "<main>", 1920, 1080, "H265", uri="rtsp://{host}/x"), Profile("b", "b", 1, 1, bare=True)),
)
NOW = instant(1_790_000_000_000_000)


def of(prefix: str, operation: str, content: str = "") -> Asked:
    return asked(answer(f"<{prefix}:{operation}>{content}</{prefix}:{operation}>"))


def told(camera: OnvifCamera, operation: str) -> str:
    return device(camera, of("tds", operation), "10.0.0.7:80", NOW)


def test_device_says_what_it_is() -> None:
    assert "A&amp;B" in told(CAMERA, "GetDeviceInformation")
    assert "<tt:Hour>14</tt:Hour><tt:Minute>13</tt:Minute>" in told(CAMERA, "GetSystemDateAndTime")
    assert "Hour" not in told(OnvifCamera(clock=False), "GetSystemDateAndTime")


def test_services_are_those_that_it_has() -> None:
    whole = told(OnvifCamera(head=Head()), "GetServices")
    assert [name in whole for name in ("ver10/media", "ver20/media", "ver20/ptz")] == [True, True, True]
    assert "ver20" not in told(OnvifCamera(media2=False), "GetServices")
    assert "http://10.0.0.7:80/onvif/media_service" in told(CAMERA, "GetCapabilities")


def test_old_media_service_has_no_word_for_h265() -> None:
    old = media(CAMERA, of("trt", "GetProfiles"), "h")
    new = media(CAMERA, of("tr2", "GetProfiles"), "h")
    assert ("H265" in old, "H265" in new) == (False, True)
    assert old.count("VideoEncoderConfiguration") == 0
    assert new.count("<tr2:VideoEncoder ") == 1
    assert "&lt;main&gt;" in old


@pytest.mark.parametrize("prefix", ["trt", "tr2"])
def test_stream_is_that_of_the_profile(prefix: str) -> None:
    content = f"<{prefix}:ProfileToken>p</{prefix}:ProfileToken>"
    assert "rtsp://10.0.0.7/x" in media(CAMERA, of(prefix, "GetStreamUri", content), "10.0.0.7")
    with pytest.raises(Fault, match="NoProfile"):
        media(CAMERA, of(prefix, "GetStreamUri"), "h")


@pytest.mark.parametrize(
    ("camera", "operation"), [(CAMERA, "Reboot"), (OnvifCamera(get_services=False), "GetServices")]
)
def test_operation_that_it_lacks_is_a_fault(camera: OnvifCamera, operation: str) -> None:
    with pytest.raises(Fault, match="ActionNotSupported"):
        told(camera, operation)
    with pytest.raises(Fault, match="ActionNotSupported"):
        media(camera, of("trt", operation), "h")
