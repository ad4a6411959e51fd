import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable
from recorder.rtsp.url import parse_url, without_userinfo


@pytest.mark.parametrize(
    ("text", "host", "port", "tls", "uri"),
    [
        ("rtsp://10.0.0.5/live", "10.0.0.5", 554, False, "rtsp://10.0.0.5/live"),
        ("rtsps://cam:8322/a?b=c", "cam", 8322, True, "rtsps://cam:8322/a?b=c"),
        ("RTSPS://cam/a", "cam", 322, True, "rtsps://cam/a"),
        ("rtsp://[2001:db8::1]:5554/x", "2001:db8::1", 5554, False, "rtsp://[2001:db8::1]:5554/x"),
        (" rtsp://admin:s3cret@cam/live\n", "cam", 554, False, "rtsp://cam/live"),
        ("rtsp://admin:p@ss@cam/live", "cam", 554, False, "rtsp://cam/live"),
        ("rtsp://admin:p%40%3A%2F%23@cam/live", "cam", 554, False, "rtsp://cam/live"),
        ("rtsp://u:p@[2001:db8::1]/x", "2001:db8::1", 554, False, "rtsp://[2001:db8::1]/x"),
        ("rtsp://[fe80::1%25eth0]:5554/x", "fe80::1%eth0", 5554, False, "rtsp://[fe80::1]:5554/x"),
    ],
)
def test_address_is_read_and_credentials_are_dropped(text: str, host: str, port: int, tls: bool, uri: str) -> None:
    url = parse_url(text)
    assert (url.host, url.port, url.tls, url.text) == (host, port, tls, uri)


@pytest.mark.parametrize(("text", "video"), [("rtsp://cam/a?b#video=2", 2), ("rtsp://cam/a?b", None)])
def test_number_of_the_track_is_read_and_never_sent(text: str, video: int | None) -> None:
    url = parse_url(text)
    assert (url.video, url.text) == (video, "rtsp://cam/a?b")


def test_what_is_printed_holds_neither_path_nor_query() -> None:
    url = parse_url("rtsp://cam/user=admin_password=s3cret?token=s3cret")
    assert "s3cret" not in f"{url!r} {url}"


@pytest.mark.parametrize(
    "text",
    ["", "http://cam/", "rtsp:///x", "rtsp://cam:port/", "rtsp://cam:99999/", "rtsp://c am/", "rtsp://cam/é",
     "rtsp://cam/\r\nX: y", "rtsp://[::1", "rtsp://cam/#x", "rtsp://cam/#video=0", "rtsp://cam:0/",
     "rtsp://cam/" + "a" * 3000],
)  # fmt: skip
def test_anything_else_is_garbage_and_not_repeated(text: str) -> None:
    with pytest.raises(CameraUnreachable) as caught:
        parse_url(text)
    assert str(caught.value) == "camera-unreachable: cause=garbage, what=url"


@given(st.text(max_size=60))
def test_any_text_raises_nothing_but_the_typed_error(text: str) -> None:
    for each in (text, f"rtsp://{text}"):
        try:
            parse_url(each)
        except CameraUnreachable:
            continue


@pytest.mark.parametrize(
    ("text", "less"),
    [
        ("rtsp://u:p@cam/x", "rtsp://cam/x"),
        ("rtsp://cam/x@y", "rtsp://cam/x@y"),
        ("rtsp://u@cam", "rtsp://cam"),
        ("rtsp://cam?to=u@host", "rtsp://cam?to=u@host"),
        ("rtsp://u:p@x@cam/", "rtsp://cam/"),
        ("trackID=1", "trackID=1"),
    ],
)
def test_userinfo_is_cut_out_of_a_url_and_nothing_else_is(text: str, less: str) -> None:
    assert without_userinfo(text) == less
