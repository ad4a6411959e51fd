import pytest

from recorder.errors import CameraBusy, CameraUnreachable, Cause
from recorder.rtsp.messages import Headers, Response
from recorder.rtsp.replies import Redirected, is_redirect, redirection, require_success, session_of
from recorder.rtsp.url import parse_url

URL = parse_url("rtsp://cam/live#video=2")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (403, Cause.UNAUTHORIZED),
        (404, Cause.NOT_FOUND),
        (453, Cause.BUSY),
        (461, Cause.UNSUPPORTED_TRANSPORT),
        (500, Cause.REJECTED),
        (503, Cause.BUSY),
        (305, Cause.REJECTED),
    ],
)
def test_refusal_has_its_cause_and_number(status: int, cause: Cause) -> None:
    with pytest.raises(CameraUnreachable) as caught:
        require_success(Response(status, Headers()))
    assert (caught.value.cause, caught.value.fields["status"]) == (cause, status)


@pytest.mark.parametrize("status", [453, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        ("0", 1),
        ("86400", 120),
        ("Mon, 23 Nov 2026 08:00:00 GMT", None),
        ("-1", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_camera_without_a_session_may_say_when_to_call_again(status: int, value: str, seconds: int | None) -> None:
    with pytest.raises(CameraBusy) as caught:
        require_success(Response(status, Headers([("Retry-After", value)])))
    assert caught.value.retry_after_s == seconds
    assert (caught.value.cause, caught.value.fields.get("retry_after_s")) == (Cause.BUSY, seconds)


def test_success_is_any_of_the_two_hundreds() -> None:
    require_success(Response(200, Headers()))
    require_success(Response(250, Headers()))


def test_proxy_and_unchanged_are_no_redirections() -> None:
    told = [status for status in range(200, 600) if is_redirect(Response(status, Headers()))]
    assert told == [301, 302, 303, 307, 308]


def test_redirection_keeps_the_track_and_drops_the_password() -> None:
    moved = redirection(URL, Headers([("Location", "rtsp://u:s3cret@other/x?y=1")]))
    assert isinstance(moved, Redirected)
    assert (moved.url.text, moved.url.video, moved.cause) == ("rtsp://other/x?y=1", 2, Cause.REDIRECTED)
    assert "s3cret" not in f"{moved} {moved!r} {moved.url!r}"


@pytest.mark.parametrize("location", [None, "", "http://elsewhere/", "rtsp://[cam/", "rtsp://x:99999/"])
def test_redirection_to_nowhere_is_not_followed(location: str | None) -> None:
    moved = redirection(URL, Headers([] if location is None else [("Location", location)]))
    assert not isinstance(moved, Redirected)
    assert moved.cause in (Cause.REJECTED, Cause.GARBAGE)


@pytest.mark.parametrize(
    ("value", "session", "seconds"),
    [
        (None, None, 60),
        ("77", "77", 60),
        (" 77 ; timeout = 30 ", "77", 30),
        ("77;Timeout=20;x=y", "77", 20),
        ('77;timeout="20"', "77", 20),
        ("77;timeout=soon", "77", 60),
    ],
)
def test_session_is_read_with_or_without_its_time_out(value: str | None, session: str | None, seconds: int) -> None:
    assert session_of(value) == (session, seconds)
