from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable
from recorder.rtsp.messages import Headers, Response, parse
from recorder.rtsp.sdp import video_track
from tests.recorder.rtsp.answers import ANSWERS, read_answer

ASKED = "rtsp://cam/live"


def _describe(sdp: str, **headers: str) -> Response:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(status=200, headers=Headers(fields), body=sdp.replace("\n", "\r\n").encode())


def _sdp(*media: str, session: str = "a=control:*") -> str:
    return "\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", session, *media])


H264 = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000"


def _real(shared_data: Path, name: str) -> Response:
    raw = read_answer(shared_data, name)
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    return message


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "payload_type", "control", "aggregate"),
    [
        (
            "bunny_describe",
            97,
            "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/trackID=2",
            "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/",
        ),
        (
            "dahua_describe_h264_aac_onvif",
            96,
            "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=0",
            "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/",
        ),
        ("foscam_describe", 96, "rtsp://192.168.5.107:65534/videoMain/track1", "rtsp://192.168.5.107:65534/videoMain/"),
        (
            "hikvision_describe",
            96,
            "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
            "rtsp://192.168.5.106:554/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
        ),
        ("ipcam_describe", 96, f"{ASKED}/trackID=1", ASKED),
        (
            "reolink_describe",
            96,
            "rtsp://192.168.5.206/h264Preview_01_main/trackID=1",
            "rtsp://192.168.5.206/h264Preview_01_main/",
        ),
    ],
)
def test_real_cameras_video_track_is_found(
    name: str, payload_type: int, control: str, aggregate: str, shared_data: Path
) -> None:
    track = video_track(_real(shared_data, name), ASKED)
    assert (track.encoding, track.payload_type) == ("H264", payload_type)
    assert (track.control, track.aggregate) == (control, aggregate)
    assert [nal[0] & 0x1F for nal in track.parameter_sets] == [7, 8]


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "payload_type"), [("anjvision_describe", 96), ("dahua_describe_h265_pcma", 98)])
def test_real_h265_camera_gives_its_parameter_sets_in_the_order_of_need(
    name: str, payload_type: int, shared_data: Path
) -> None:
    track = video_track(_real(shared_data, name), ASKED)
    assert (track.encoding, track.payload_type) == ("H265", payload_type)
    assert [nal[0] >> 1 & 0x3F for nal in track.parameter_sets] == [32, 33, 34]


@pytest.mark.parametrize(
    ("coding", "parameters", "taken"),
    [
        ("H264", "packetization-mode=2", False),
        ("H264", "packetization-mode=1", True),
        ("H265", "sprop-max-don-diff=1", False),
        ("H265", "sprop-vps=QAE=; Sprop-Max-Don-Diff = 32767", False),
        ("H265", "sprop-max-don-diff=0", True),
        ("H265", "sprop-depack-buf-nalus=0", True),
    ],
)
def test_stream_out_of_decoding_order_is_refused_with_a_cause_of_its_own(
    coding: str, parameters: str, taken: bool
) -> None:
    description = _describe(_sdp(f"m=video 0 RTP/AVP 96\na=rtpmap:96 {coding}/90000", f"a=fmtp:96 {parameters}"))
    if taken:
        assert video_track(description, ASKED).encoding == coding
    else:
        with pytest.raises(CameraUnreachable, match="reordered"):
            video_track(description, ASKED)


def test_every_described_camera_is_covered_above() -> None:
    assert len([name for name in ANSWERS if "describe" in name]) == 8


def test_base_without_scheme_is_passed_over() -> None:
    track = video_track(_describe(_sdp(H264, "a=control:t1"), content_base="192.168.1.10:554/stream0/"), ASKED)
    assert track.control == "rtsp://cam/live/t1"


@pytest.mark.parametrize(
    ("headers", "session", "control", "expected"),
    [
        ({"content_base": "rtsp://cam/base/"}, "a=control:*", "t", ("rtsp://cam/base/t", "rtsp://cam/base/")),
        ({"content_location": "rtsp://cam/there"}, "a=control:*", "t", ("rtsp://cam/there/t", "rtsp://cam/there")),
        ({}, "a=x:y", "rtsp://u:p@cam/abs", ("rtsp://cam/abs", ASKED)),
        ({"content_base": "rtsp://u:p@cam/base/"}, "a=control:all", "*", ("rtsp://cam/base/", "rtsp://cam/base/all")),
    ],
)
def test_control_addresses_are_joined_to_the_base(
    headers: dict[str, str], session: str, control: str, expected: tuple[str, str]
) -> None:
    track = video_track(_describe(_sdp(H264, f"a=control:{control}", session=session), **headers), ASKED)
    assert (track.control, track.aggregate) == expected


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://cam/live", "/live/t", "rtsp://cam/live/t"),
        ("rtsp://live/live/", "/live/t", "rtsp://live/live/t"),
        ("rtsp://cam/live/", "/t", "rtsp://cam/live/t"),
        ("rtsp://cam/live", "/livestream/t", "rtsp://cam/live/livestream/t"),
        ("rtsp://cam", "/t", "rtsp://cam/t"),
        ("rtsp://cam/a?x=1/", "t", "rtsp://cam/a?x=1/t"),
        ("rtsp://cam/a?x=1", "t?y=2", "rtsp://cam/a?x=1/t?y=2"),
        ("rtsp://cam/a", "RTSP://cam/b/t", "RTSP://cam/b/t"),
    ],
)
def test_control_address_with_a_slash_before_it_is_not_doubled(base: str, control: str, expected: str) -> None:
    assert video_track(_describe(_sdp(H264, f"a=control:{control}"), content_base=base), ASKED).control == expected


TWO = _sdp(
    "m=video 0 RTP/AVP 26",
    "a=control:small",
    "m=audio 0 RTP/AVP 0",
    "a=control:sound",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    "a=control:main",
    "m=video 0 RTP/AVP 97",
    "a=rtpmap:97 H264/90000",
    "a=control:other",
)


@pytest.mark.parametrize(("number", "control", "place"), [(None, "main", 2), (2, "main", 2), (3, "other", 3)])
def test_track_is_the_one_of_the_number_or_the_first_that_can_be_recorded(
    number: int | None, control: str, place: int
) -> None:
    track = video_track(_describe(TWO), ASKED, number)
    assert (track.control, track.number, track.described) == (f"{ASKED}/{control}", place, 3)


@pytest.mark.parametrize(("number", "cause"), [(1, "unsupported-codec"), (4, "no-video, described=3")])
def test_number_that_leads_to_no_track_takes_no_other_instead(number: int, cause: str) -> None:
    with pytest.raises(CameraUnreachable, match=cause):
        video_track(_describe(TWO), ASKED, number)


def test_sound_is_never_chosen_and_the_second_video_format_may_be() -> None:
    sdp = _sdp(
        "m=audio 0 RTP/AVP 0",
        "a=control:sound",
        "m=video 0 RTP/AVP 26 98",
        "a=rtpmap:26 JPEG/90000",
        "a=rtpmap:98 h264/90000",
        "a=control:picture",
    )
    track = video_track(_describe(sdp), ASKED)
    assert (track.payload_type, track.control) == (98, "rtsp://cam/live/picture")


@pytest.mark.parametrize(
    ("sdp", "cause"),
    [
        ("", "garbage"),
        ("<html>", "garbage"),
        ("v=0\n" * 3000, "garbage"),
        (_sdp("m=audio 0 RTP/AVP 0"), "no-video"),
        (_sdp("m=video 0 RTP/AVP 96"), "unsupported-codec, offered=?"),
        (_sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 MP4V-ES/90000"), "unsupported-codec, offered=MP4V-ES"),
        (_sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/48000"), "unsupported-codec"),
        (_sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 <b>s3cret</b>/90000"), r"unsupported-codec, offered=\?"),
        (_sdp(H264, "a=control:bad address"), "garbage"),
    ],
)
def test_why_there_is_no_track_is_said(sdp: str, cause: str) -> None:
    with pytest.raises(CameraUnreachable, match=cause):
        video_track(_describe(sdp), ASKED)


def test_parameter_set_that_does_not_decode_is_left_out() -> None:
    sdp = _sdp(H264, "a=fmtp:96 packetization-mode=1; SPROP-parameter-sets=Z0I=,***,aM4=")
    assert video_track(_describe(sdp), ASKED).parameter_sets == (b"gB", b"h\xce")


def test_track_is_printed_without_addresses() -> None:
    track = video_track(_describe(_sdp(H264, "a=control:token=s3cret")), ASKED)
    assert "s3cret" not in repr(track)


@given(st.one_of(st.text(max_size=300), st.text(max_size=200).map(lambda text: _sdp(H264, text))), st.text(max_size=40))
def test_any_description_raises_nothing_but_the_typed_error(text: str, base: str) -> None:
    try:
        video_track(_describe(text, content_base=base), ASKED)
    except CameraUnreachable:
        return
