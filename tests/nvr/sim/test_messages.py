from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.sim.messages import (
    MAX_MESSAGE_BYTES,
    Interleaved,
    MalformedRequest,
    Request,
    RequestParser,
    response,
)

STREAM = (
    b"DESCRIBE rtsp://127.0.0.1:8554/cam1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: x: y\r\n\r\n"
    b"$\x01\x00\x04\r\n\r\n"
    b"SET_PARAMETER rtsp://127.0.0.1/cam1/trackID=0 RTSP/1.0\r\nCSEQ:2\r\nContent-Length: 6\r\n\r\na: b\r\n"
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"
    b"OPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n"
)
MESSAGES = [
    Request("DESCRIBE", "rtsp://127.0.0.1:8554/cam1", {"cseq": "1", "user-agent": "x: y"}),
    Interleaved(1, b"\r\n\r\n"),
    Request("SET_PARAMETER", "rtsp://127.0.0.1/cam1/trackID=0", {"cseq": "2", "content-length": "6"}),
    Request("OPTIONS", "*", {"cseq": "3"}),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_messages_are_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    parser = RequestParser()
    found = [message for start, end in pairwise(edges) for message in parser.feed(STREAM[start:end])]
    assert found == MESSAGES


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("rtsp://h:1/cam1", ("cam1",)),
        ("rtsp://h/cam1/", ("cam1",)),
        ("rtsp://h/cam1/trackID=0", ("cam1", "trackID=0")),
        ("rtsp://h", ()),
        ("*", ()),
    ],
)
def test_path_names_camera_and_track(uri: str, path: tuple[str, ...]) -> None:
    assert Request("SETUP", uri, {}).path == path


@pytest.mark.parametrize(
    "data",
    [
        b"GET /cam1 HTTP/1.1\r\n\r\n",
        b"DESCRIBE rtsp://h/cam1\r\n\r\n",
        b"OPTIONS rtsp://h/cam1 RTSP/1.0\r\nno colon\r\n\r\n",
        b"OPTIONS rtsp://h/cam1 RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS rtsp://h/cam1 RTSP/1.0\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"OPTIONS rtsp://[h/cam1 RTSP/1.0\r\n\r\n",
        b"a" * (MAX_MESSAGE_BYTES + 1),
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRequest):
        list(RequestParser().feed(data))


def test_response_carries_the_sequence_number_and_the_length_of_its_body() -> None:
    request = Request("DESCRIBE", "rtsp://h/cam1", {"cseq": "42"})
    assert response(request, 200, {"Content-Type": "application/sdp"}, b"v=0\r\n") == (
        b"RTSP/1.0 200 OK\r\nCSeq: 42\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
    )
