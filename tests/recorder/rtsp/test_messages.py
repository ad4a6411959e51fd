from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable
from recorder.rtsp.messages import MAX_BODY, MAX_HEAD, Request, Response, answer, parse, request
from tests.recorder.rtsp.answers import ANSWERS, read_answer


def _response(raw: bytes) -> Response:
    message, behind = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    assert behind == len(raw)
    return message


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ANSWERS)
def test_every_real_answer_is_read_whole(name: str, shared_data: Path) -> None:
    raw = read_answer(shared_data, name)
    response = _response(raw)
    assert response.status == 200
    assert response.cseq is not None
    assert raw.endswith(response.body)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["hikvision_describe", "reolink_play", "dahua_setup"])
def test_every_beginning_of_an_answer_asks_for_more(name: str, shared_data: Path) -> None:
    raw = read_answer(shared_data, name)
    for end in range(len(raw)):
        assert parse(raw, 0, end) == (None, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 77\r\n\r\n",
        b"RTSP/1.0 200 OK\nCSeq: 4\nSession: 77\n\n",
        b"\r\n\r\nRTSP/1.0 200\r\ncseq:4\r\nSESSION :   77  \r\n\r\n",
        b"RTSP/1.0  200  Fine thing\r\nCSeq: 4\r\nno colon here\r\nSession:\r\n 77\r\n\r\n",
    ],
    ids=["as written", "bare line feeds", "blank lines before, no reason, odd case", "folded, a line without colon"],
)
def test_odd_ways_of_writing_one_answer_are_understood(raw: bytes) -> None:
    response = _response(raw)
    assert (response.status, response.cseq, response.headers.get("session")) == (200, 4, "77")


def test_carriage_return_inside_a_value_can_not_end_a_line_of_our_requests() -> None:
    raw = b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="n\rPLAY \0"\r\n\r\n'
    response, _ = parse(raw, 0, len(raw))
    assert isinstance(response, Response)
    assert response.headers.get("www-authenticate") == 'Digest realm="x", nonce="n PLAY  "'


def test_messages_and_what_follows_are_told_apart() -> None:
    raw = b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc$\0\0\1x"
    message, behind = parse(raw, 0, len(raw))
    assert isinstance(message, Response)
    assert message.body == b"abc"
    assert raw[behind:] == b"$\0\0\1x"


def test_request_of_the_camera_is_read_and_answered() -> None:
    raw = b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 9\r\n\r\n"
    message, _ = parse(raw, 0, len(raw))
    assert isinstance(message, Request)
    assert answer(message, 200, "OK") == b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"


def test_request_is_written_as_the_standard_has_it() -> None:
    assert (
        request("PLAY", "rtsp://x/", 3, [("Session", "77")])
        == b"PLAY rtsp://x/ RTSP/1.0\r\nCSeq: 3\r\nSession: 77\r\n\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x00\x01",
        b"RTSP/1.0 abc\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: " + str(MAX_BODY + 1).encode() + b"\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"y" * MAX_HEAD,
        b"OPTIONSxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        b"OPTIONS only two\r\n\r\n",
    ],
)
def test_what_is_not_rtsp_or_too_large_is_garbage(raw: bytes) -> None:
    with pytest.raises(CameraUnreachable, match="garbage"):
        parse(raw, 0, len(raw))


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda noise: b"RTSP/1.0 200 OK\r\n" + noise)))
def test_any_bytes_raise_nothing_but_the_typed_error(noise: bytes) -> None:
    try:
        _, behind = parse(noise, 0, len(noise))
    except CameraUnreachable:
        return
    assert 0 <= behind <= len(noise)
