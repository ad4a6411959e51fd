"""How a dome is asked: what is accepted, and that it comes back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.ptz import PtzSetting, default_address, parse_ptz, ptz_setting
from nvr.base.errors import InvalidValue


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.7",
        "dome-1.ville.example:8080",
        "[2001:db8::7]",
        "http://10.0.0.7/onvif/device_service",
        "https://h:8443/x",
    ],
)
def test_address_is_a_host_or_a_device_service(address: str) -> None:
    assert ptz_setting(address, None, ()).address == address


@pytest.mark.parametrize(
    "address",
    ["", "rtsp://h/", "http://", "http://u:p@h/", "u@h", "a b", "http://h:0/", "http://h:x/", "h\n", "x" * 513],
)
def test_other_addresses_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        ptz_setting(address, None, ())
    assert (refused.value.field, refused.value.fields["value"]) == ("ptz_address", "(hidden)")


@pytest.mark.parametrize("names", [("",), (" a",), ("a\n",), ("x" * 65,), ("a", "*"), tuple(map(str, range(65)))])
def test_other_names_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(InvalidValue) as refused:
        ptz_setting("h", None, names)
    assert refused.value.field == "ptz_expect"


@given(
    expected=st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=64), max_size=8, unique=True),
    profile=st.none() | st.just("profile_1"),
)
def test_setting_comes_back_as_it_was_written(expected: list[str], profile: str | None) -> None:
    setting = ptz_setting("10.0.0.7", profile, expected)
    assert parse_ptz(setting.to_text()) == setting


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address":1,"expected":[],"profile":null}', '{"address":"h"}'])
def test_text_that_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_ptz(text)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("rtsp://10.0.0.7:8554/live", "10.0.0.7"),
        ("rtsps://[2001:db8::7]/live", "[2001:db8::7]"),
        ("file:///films/a.mp4", None),
        ("udp://239.0.0.1:5000", None),
        ("", None),
    ],
)
def test_unless_told_it_is_the_host_of_the_stream(url: str, address: str | None) -> None:
    assert default_address(url) == address
    assert address is None or ptz_setting(address, None, ()) == PtzSetting(address)
