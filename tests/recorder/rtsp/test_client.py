from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import NvrError
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels, Phase, RtspClient
from recorder.rtsp.messages import Headers, Response, parse
from recorder.rtsp.replies import Redirected
from recorder.rtsp.url import parse_url
from tests.recorder.rtsp.answers import ANSWERS, read_answer

SOUND = b"m=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
SDP = b"v=0\r\ns=x\r\n" + SOUND + b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"
OPTIONS = {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"}
SETUP = {"Transport": "RTP/AVP/TCP;unicast;interleaved=2-3", "Session": " 77 ; timeout = 30 "}
DIGEST = {"WWW-Authenticate": 'Digest realm="cam", nonce="first"'}
STALE = {"WWW-Authenticate": 'Digest realm="cam", nonce="second", stale=true'}


class Dialogue:
    """Answers whatever was asked last, with its number."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self.client = RtspClient(parse_url("rtsp://cam/live"), credentials)
        self.sent = [self.client.begin()]

    def answer(self, status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        number = self.sent[-1].split(b"CSeq: ")[1].split(b"\r\n")[0].decode()
        fields = [("CSeq", number), *(headers or {}).items()]
        following = self.client.receive(Response(status, Headers(fields), body))
        if following:
            self.sent.append(following)

    def play(self, options: dict[str, str] | None = None, setup: dict[str, str] | None = None) -> None:
        self.answer(headers=OPTIONS if options is None else options)
        self.answer(body=SDP)
        self.answer(headers=SETUP if setup is None else setup)
        self.answer()

    @property
    def methods(self) -> list[str]:
        return [sent.split(b" ")[0].decode() for sent in self.sent]


def test_session_is_set_up_for_the_video_and_never_for_the_sound() -> None:
    talk = Dialogue()
    talk.play()
    assert talk.methods == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert talk.sent[2].startswith(b"SETUP rtsp://cam/live/v RTSP/1.0\r\n")
    assert not any(b"sound" in sent for sent in talk.sent)
    assert b"Session: 77\r\n" in talk.sent[3]
    assert talk.client.phase is Phase.PLAYING
    assert talk.client.channels == Channels(rtp=2, rtcp=3)
    assert talk.client.keep_alive_us == 15_000_000
    assert not talk.client.awaits_answer


@pytest.mark.shared_data
@pytest.mark.parametrize("camera", ["bunny", "dahua", "hikvision", "reolink"])
def test_real_cameras_answers_lead_to_playing(camera: str, shared_data: Path) -> None:
    describe = {"dahua": "dahua_describe_h264_aac_onvif"}.get(camera, f"{camera}_describe")
    client = RtspClient(parse_url("rtsp://cam/live"), None)
    client.begin()
    client.receive(Response(200, Headers(OPTIONS.items())))
    for name in (describe, f"{camera}_setup", f"{camera}_play"):
        raw = read_answer(shared_data, name)
        message, _ = parse(raw, 0, len(raw))
        assert isinstance(message, Response)
        client.receive(Response(message.status, _without_number(message), message.body))
    assert client.phase is Phase.PLAYING
    assert client.channels == Channels(rtp=0, rtcp=1)
    assert client.keep_alive_us == 30_000_000


@pytest.mark.shared_data
def test_no_real_answer_is_left_out(shared_data: Path) -> None:
    assert {file.stem for file in (shared_data / "rtsp").glob("*.txt")} == set(ANSWERS)


@pytest.mark.shared_data
def test_space_before_the_source_of_a_real_camera_is_borne(shared_data: Path) -> None:
    raw = read_answer(shared_data, "hikvision_setup_ssrc_space")
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    talk = Dialogue()
    talk.answer(headers=OPTIONS)
    talk.answer(body=SDP)
    talk.client.receive(Response(message.status, _without_number(message)))
    assert talk.client.channels == Channels(rtp=0, rtcp=1)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", [name for name in ANSWERS if "describe" not in name])
def test_every_real_answer_of_a_session_is_understood_at_its_place(name: str, shared_data: Path) -> None:
    raw = read_answer(shared_data, name)
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    real = {key: value for key in ("session", "transport", "public", "rtp-info") for value in message.headers.all(key)}
    talk = Dialogue()
    talk.answer(headers=real if "options" in name else OPTIONS)
    talk.answer(body=SDP)
    talk.answer(headers=real if "setup" in name else SETUP)
    talk.answer(headers=real)
    assert talk.client.phase is Phase.PLAYING
    talk.sent.append(talk.client.keep_alive())
    assert talk.methods[-1] == "GET_PARAMETER"
    talk.answer(headers=real)
    assert talk.client.phase is Phase.PLAYING


def _without_number(message: Response) -> Headers:
    names = ("content-base", "session", "transport", "public")
    return Headers((name, value) for name in names for value in message.headers.all(name))


@pytest.mark.parametrize(
    ("options", "method"), [(OPTIONS, "GET_PARAMETER"), ({}, "OPTIONS"), ({"Public": ""}, "OPTIONS")]
)
def test_keep_alive_asks_for_what_the_camera_offers(options: dict[str, str], method: str) -> None:
    talk = Dialogue()
    talk.play(options)
    sent = talk.client.keep_alive()
    assert sent.startswith(method.encode())
    assert b"Session: 77\r\n" in sent
    assert talk.client.awaits_answer


def test_refused_keep_alive_is_borne_but_a_lost_session_is_not() -> None:
    talk = Dialogue()
    talk.play()
    talk.sent.append(talk.client.keep_alive())
    talk.answer(501)
    assert talk.client.phase is Phase.PLAYING
    talk.sent.append(talk.client.keep_alive())
    with pytest.raises(CameraUnreachable, match="closed"):
        talk.answer(454)


def test_keep_alive_whose_password_is_refused_ends_nothing_while_pictures_come() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.play()
    for _ in range(2):
        talk.sent.append(talk.client.keep_alive())
        talk.answer(401, DIGEST)
        assert b"Authorization: Digest" in talk.sent[-1]
        talk.answer(401, DIGEST)
        assert (talk.client.phase, talk.client.awaits_answer) == (Phase.PLAYING, False)


def test_keep_alive_that_is_refused_is_sent_again_as_another_request_and_that_one_stays() -> None:
    talk = Dialogue()
    talk.play({"Public": "GET_PARAMETER, SET_PARAMETER, OPTIONS"})
    talk.sent.append(talk.client.keep_alive())
    talk.answer(501)
    talk.answer(451)
    assert talk.methods[4:] == ["GET_PARAMETER", "SET_PARAMETER", "OPTIONS"]
    talk.answer()
    assert talk.client.keep_alive().startswith(b"OPTIONS ")


def test_camera_that_takes_no_keep_alive_is_not_asked_in_a_circle() -> None:
    talk = Dialogue()
    talk.play()
    talk.sent.append(talk.client.keep_alive())
    talk.answer(405)
    talk.answer(405)
    assert talk.methods[4:] == ["GET_PARAMETER", "OPTIONS"]
    assert (talk.client.phase, talk.client.awaits_answer) == (Phase.PLAYING, False)


@pytest.mark.parametrize("step", range(5))
def test_camera_may_ask_for_the_password_with_any_request(step: int) -> None:
    """Once at a time, and again with each new nonce."""
    talk = Dialogue(Credentials("admin", "s3cret"))
    answers: list[tuple[dict[str, str], bytes]] = [(OPTIONS, b""), ({}, SDP), (SETUP, b""), ({}, b""), ({}, b"")]
    for at, (headers, body) in enumerate(answers):
        if at == len(answers) - 1:
            talk.sent.append(talk.client.keep_alive())
        if at == step:
            talk.answer(401, DIGEST)
            assert b'nonce="first"' in talk.sent[-1]
        talk.answer(200, headers, body)
    assert talk.client.phase is Phase.PLAYING
    assert len(talk.sent) == 6
    talk.sent.append(talk.client.keep_alive())
    talk.answer(401, STALE)
    assert b'nonce="second"' in talk.sent[-1]


def test_nonce_that_an_answer_names_is_used_from_then_on() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.answer(401, {"WWW-Authenticate": 'Digest realm="cam", nonce="first", qop="auth"'})
    talk.answer(200, OPTIONS)
    assert b"nc=00000002" in talk.sent[-1]
    talk.answer(200, {"Authentication-Info": 'nextnonce="third"'}, SDP)
    assert b'nonce="third"' in talk.sent[-1]
    assert b"nc=00000001" in talk.sent[-1]


def test_camera_without_an_address_for_all_tracks_plays_the_one() -> None:
    talk = Dialogue()
    for headers, body in ((OPTIONS, b""), ({}, SDP), (SETUP, b"")):
        talk.answer(200, headers, body)
    talk.answer(459)
    assert talk.sent[-1].startswith(b"PLAY rtsp://cam/live/v ")
    talk.answer()
    assert talk.client.keep_alive().startswith(b"GET_PARAMETER rtsp://cam/live/v ")
    assert talk.client.teardown().startswith(b"TEARDOWN rtsp://cam/live/v ")


def test_camera_that_takes_no_range_is_asked_without() -> None:
    talk = Dialogue()
    for headers, body in ((OPTIONS, b""), ({}, SDP), (SETUP, b"")):
        talk.answer(200, headers, body)
    talk.answer(457)
    assert talk.methods[-1] == "PLAY"
    assert b"Range" not in talk.sent[-1]
    with pytest.raises(CameraUnreachable, match="rejected"):
        talk.answer(457)


@pytest.mark.parametrize(
    "info",
    [
        "url=trackID=1;seq=0;rtptime=0",
        "url=trackID=1;seq=1;rtptime=-1",
        "seq=99999999999999;rtptime=x,,;url",
        "",
    ],
)
def test_what_rtp_info_says_is_not_needed(info: str) -> None:
    talk = Dialogue()
    for headers, body in ((OPTIONS, b""), ({}, SDP), (SETUP, b"")):
        talk.answer(200, headers, body)
    talk.answer(200, {"RTP-Info": info})
    assert talk.client.phase is Phase.PLAYING


def test_channels_on_which_an_older_session_still_sends_are_not_asked_for() -> None:
    talk = Dialogue()
    talk.client.early_data(0)
    talk.client.early_data(3)
    talk.answer(headers=OPTIONS)
    talk.answer(body=SDP)
    assert b"interleaved=4-5\r\n" in talk.sent[-1]
    talk.answer(headers={"Session": "1", "Transport": "RTP/AVP/TCP;unicast"})
    assert talk.client.channels == Channels(rtp=4, rtcp=5)


@pytest.mark.parametrize(("text", "seconds"), [("timeout=0", 60), ("timeout=1", 1), ("timeout=999999", 3600), ("", 60)])
def test_time_out_of_the_session_is_bounded_and_none_is_sixty_seconds(text: str, seconds: int) -> None:
    talk = Dialogue()
    talk.play(setup=SETUP | {"Session": f"77;{text}"})
    assert talk.client.keep_alive_us == seconds * 500_000


@pytest.mark.parametrize(
    ("transport", "channels"),
    [
        ("RTP/AVP;unicast;interleaved=4-5", Channels(4, 5)),
        ("RTP/AVP/TCP ; unicast ; Interleaved = 4 - 5 ; ssrc= d6d6627", Channels(4, 5)),
        ('RTP/AVP/TCP;unicast;ssrc=;interleaved=4-5;mode="play"', Channels(4, 5)),
        ("RTP/AVP/TCP;interleaved=6,RTP/AVP/TCP;interleaved=8-9", Channels(6, 7)),
        ("RTP/AVP/TCP;interleaved=3-3", Channels(3, 3)),
        ("rtp/avp/tcp;unicast;destination=1.2.3.4;source=x", Channels(0, 1)),
    ],
)
def test_channels_are_those_of_the_answer_however_it_is_written(transport: str, channels: Channels) -> None:
    talk = Dialogue()
    talk.play(setup={"Transport": transport})
    assert talk.client.channels == channels


def test_camera_that_refuses_options_may_still_play() -> None:
    talk = Dialogue()
    talk.answer(501)
    talk.answer(body=SDP)
    talk.answer(headers=SETUP)
    talk.answer()
    assert talk.client.phase is Phase.PLAYING


def test_teardown_names_the_session_and_only_when_there_is_one() -> None:
    talk = Dialogue()
    assert Dialogue().client.teardown() == b""
    talk.play()
    sent = talk.client.teardown()
    assert sent.startswith(b"TEARDOWN rtsp://cam/live RTSP/1.0\r\n")
    assert b"Session: 77\r\n" in sent
    assert talk.client.keep_alive() == b""


def test_password_is_given_once_asked_and_with_every_request_after() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.answer(headers=OPTIONS)
    assert b"Authorization" not in talk.sent[-1]
    talk.answer(401, DIGEST)
    assert b'Authorization: Digest username="admin"' in talk.sent[-1]
    talk.answer(body=SDP)
    talk.answer(headers=SETUP)
    assert talk.methods == ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY"]
    assert all(b"Authorization" in sent for sent in talk.sent[2:])
    assert not any(b"s3cret" in sent for sent in talk.sent)


def test_wrong_password_is_tried_once_since_cameras_lock_accounts() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.answer(headers=OPTIONS)
    talk.answer(401, DIGEST)
    with pytest.raises(CameraUnreachable) as caught:
        talk.answer(401, DIGEST)
    assert caught.value.cause is Cause.UNAUTHORIZED
    assert "s3cret" not in f"{caught.value!r} {caught.value}"


def test_aged_nonce_is_renewed_in_any_request() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.answer(headers=OPTIONS)
    talk.answer(401, DIGEST)
    talk.answer(401, STALE)
    assert b'nonce="second"' in talk.sent[-1]
    talk.answer(body=SDP)
    talk.answer(401, DIGEST)
    assert b'nonce="first"' in talk.sent[-1]
    talk.answer(headers=SETUP)
    talk.answer()
    assert talk.client.phase is Phase.PLAYING


def test_camera_that_calls_every_nonce_stale_is_given_up() -> None:
    talk = Dialogue(Credentials("admin", "s3cret"))
    talk.answer(headers=OPTIONS)
    talk.answer(401, DIGEST)
    talk.answer(401, STALE)
    with pytest.raises(CameraUnreachable, match="unauthorized"):
        talk.answer(401, STALE)


@pytest.mark.parametrize("headers", [{}, DIGEST, {"WWW-Authenticate": "Negotiate"}])
def test_camera_that_asks_for_a_password_that_nobody_gave_is_named_so(headers: dict[str, str]) -> None:
    talk = Dialogue()
    talk.answer(headers=OPTIONS)
    with pytest.raises(CameraUnreachable, match="unauthorized"):
        talk.answer(401, headers)


@pytest.mark.parametrize(
    ("step", "status", "headers", "cause"),
    [
        (1, 404, {}, Cause.NOT_FOUND),
        (1, 403, {}, Cause.UNAUTHORIZED),
        (1, 503, {}, Cause.BUSY),
        (1, 302, {}, Cause.REJECTED),
        (1, 302, {"Location": "http://elsewhere/"}, Cause.GARBAGE),
        (1, 302, {"Location": "rtsp://[cam/"}, Cause.GARBAGE),
        (2, 461, {}, Cause.UNSUPPORTED_TRANSPORT),
        (2, 200, {"Session": "1"}, Cause.UNSUPPORTED_TRANSPORT),
        (2, 200, {"Session": "1", "Transport": "RTP/AVP;unicast;client_port=1-2"}, Cause.UNSUPPORTED_TRANSPORT),
        (2, 200, {"Session": "1", "Transport": "RTP/AVP/TCP;interleaved=300-301"}, Cause.GARBAGE),
        (2, 200, {"Session": "", "Transport": "RTP/AVP/TCP;interleaved=0-1"}, Cause.GARBAGE),
        (3, 455, {}, Cause.REJECTED),
    ],
)
def test_each_refusal_has_its_cause(step: int, status: int, headers: dict[str, str], cause: Cause) -> None:
    talk = Dialogue()
    for good, body in ((OPTIONS, b""), ({}, SDP), (SETUP, b""))[:step]:
        talk.answer(200, good, body)
    with pytest.raises(CameraUnreachable) as caught:
        talk.answer(status, headers)
    assert caught.value.cause is cause


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("rtsp://other:8554/x", "rtsp://other:8554/x"),
        ("rtsp://u:p@other/x", "rtsp://other/x"),
        ("/sub", "rtsp://cam/sub"),
    ],
)
def test_redirect_names_the_new_address(location: str, target: str) -> None:
    talk = Dialogue()
    talk.answer(headers=OPTIONS)
    with pytest.raises(Redirected) as caught:
        talk.answer(302, {"Location": location})
    assert caught.value.url.text == target


def test_answer_to_an_older_request_is_passed_over() -> None:
    talk = Dialogue()
    assert talk.client.receive(Response(404, Headers([("CSeq", "0")]))) == b""
    assert talk.client.receive(Response(100, Headers([("CSeq", "1")]))) == b""
    talk.play()
    assert talk.client.phase is Phase.PLAYING


_ANSWERS = st.tuples(
    st.sampled_from([100, 200, 302, 401, 403, 404, 453, 454, 457, 459, 461, 500, 501]),
    st.dictionaries(
        st.sampled_from(
            ["Session", "Transport", "Location", "WWW-Authenticate", "Authentication-Info", "Public", "Content-Base"]
        ),
        st.one_of(st.text(max_size=30), st.sampled_from([*SETUP.values(), *DIGEST.values(), "rtsp://x/"])),
        max_size=4,
    ),
    st.one_of(st.just(SDP), st.binary(max_size=40)),
)


@given(st.lists(_ANSWERS, max_size=8))
def test_any_answers_raise_nothing_but_typed_errors(answers: list[tuple[int, dict[str, str], bytes]]) -> None:
    client = RtspClient(parse_url("rtsp://cam/live"), Credentials("u", "p"))
    client.begin()
    for status, headers, body in answers:
        try:
            client.receive(Response(status, Headers(headers.items()), body))
        except (NvrError, Redirected):
            return
