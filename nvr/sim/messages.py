"""RTSP 1.0 as a server reads and writes it (RFC 2326 sections 4 to 7 and 10.12)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from nvr.base.errors import Refused

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Head and body together; no client of a camera sends more."""

_REASONS: Final = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_HEAD_END: Final = b"\r\n\r\n"
_REQUEST_LINE_WORDS: Final = 3
_MAX_LENGTH_DIGITS: Final = 9
_INTERLEAVED_HEADER_BYTES: Final = 4


class MalformedRequest(Refused):
    """A client sent what is not RTSP 1.0; the connection is answered with 400 and closed."""

    message_id = "malformed-request"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    uri: str
    headers: Mapping[str, str]

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the URI: camera first, track last; none for `*`, which means the server itself.

        Where the camera's address has a query, the track stands behind that (Axis, Dahua).
        """
        if self.uri == "*":
            return ()
        parts = urlsplit(self.uri)
        return tuple(part for part in f"{parts.path}/{parts.query}".split("/") if part)


@dataclass(frozen=True, slots=True)
class Interleaved:
    """One interleaved packet from the client: a receiver report, as a rule."""

    channel: int
    payload: bytes


class RequestParser:
    """Takes bytes as they come, gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Request | Interleaved]:
        """The messages that these bytes complete.

        Raises:
            MalformedRequest: what came is no message, or one beyond MAX_MESSAGE_BYTES.
        """
        self._buffer += data
        while (message := self._next()) is not None:
            yield message
        if len(self._buffer) > MAX_MESSAGE_BYTES:
            raise MalformedRequest(why="too long")

    def _next(self) -> Request | Interleaved | None:
        if self._buffer.startswith(b"$"):
            return self._interleaved()
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return None
        if self._buffer.startswith(b"RTSP/"):  # an answer to a request of the camera's own, which needs none
            del self._buffer[: end + len(_HEAD_END)]
            return self._next()
        request = _request(bytes(self._buffer[:end]))
        whole = end + len(_HEAD_END) + _content_length(request)
        if len(self._buffer) < whole:
            return None
        # Bodies (parameters of a SET_PARAMETER) mean nothing to a simulator.
        del self._buffer[:whole]
        return request

    def _interleaved(self) -> Interleaved | None:
        if len(self._buffer) < _INTERLEAVED_HEADER_BYTES:
            return None
        whole = _INTERLEAVED_HEADER_BYTES + int.from_bytes(self._buffer[2:4], "big")
        if len(self._buffer) < whole:
            return None
        packet = Interleaved(self._buffer[1], bytes(self._buffer[_INTERLEAVED_HEADER_BYTES:whole]))
        del self._buffer[:whole]
        return packet


def response(request: Request, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """The answer to a request, with its CSeq."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + _HEAD_END + body


def _request(head: bytes) -> Request:
    first, *rest = head.decode("utf-8", "replace").lstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != _REQUEST_LINE_WORDS or words[2] != "RTSP/1.0":
        raise MalformedRequest(why="request line")
    try:
        urlsplit(words[1])
    except ValueError:  # brackets that hold no address
        raise MalformedRequest(why="URI") from None
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedRequest(why="header line")
        headers[name.strip().lower()] = value.strip()
    return Request(method=words[0], uri=words[1], headers=headers)


def _content_length(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_LENGTH_DIGITS):
        raise MalformedRequest(why="content length")
    return int(text)
