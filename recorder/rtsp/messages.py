"""RTSP messages (RFC 2326 sections 4 to 7): bytes to values and back, bounded, tolerant of cameras.

Tolerated, as cameras do it: header names in any case, spaces around names and values, bare LF line ends, folded
lines, empty lines between messages, a status line without reason, lines without a colon (ignored), bytes of any
encoding (a realm is sent back as it came).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from recorder.errors import garbage

MAX_HEAD: Final = 16 * 1024
"""Bytes of start line and headers; cameras send under 2 KiB."""
MAX_BODY: Final = 64 * 1024
"""Bytes of body; the longest SDP seen has 1.5 KiB."""

_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE: Final = re.compile(r"RTSP/\d\.\d\s+(\d{3})(?:\s+(.*))?")
_REQUEST_LINE: Final = re.compile(r"([A-Z_]{3,32})\s+(\S+)\s+RTSP/\d\.\d")
_START: Final = re.compile(rb"RTSP/|[A-Z_]{3,32} ")
_VERSION: Final = b"RTSP/"
_METHOD_BYTES: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_SHORTEST_START: Final = 33
_BLANK: Final = b"\r\n"
_FOLDED: Final = re.compile(r"\r?\n[ \t]+")
_DANGEROUS: Final = str.maketrans("\r\0", "  ")
"""Become spaces (RFC 9110 section 5.5): a realm or a nonce goes back in a request, where a bare CR may end a line."""


class Headers:
    """Header fields in the order of their coming; names compare without case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple((name.lower(), value) for name, value in fields)

    def get(self, name: str) -> str | None:
        """The first value under this name."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Every value under this name."""
        wanted = name.lower()
        return [value for field, value in self._fields if field == wanted]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the camera."""

    status: int
    headers: Headers
    body: bytes = b""

    @property
    def cseq(self) -> int | None:
        """The number of the request that this answers; None when absent or not a number."""
        return _number(self.headers.get("cseq"))


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the camera makes of us; few do."""

    method: str
    headers: Headers


def parse(buffer: bytearray | bytes, at: int, end: int) -> tuple[Response | Request | None, int]:
    """One message from `buffer[at:end]`, and the position behind it; None when more bytes are needed.

    Raises:
        CameraUnreachable: cause `garbage`: not RTSP, or larger than MAX_HEAD and MAX_BODY allow.
    """
    while at < end and buffer[at] in _BLANK:
        at += 1
    if at == end:
        return None, at
    _check_start(bytes(buffer[at : min(end, at + _SHORTEST_START)]))
    found = _END_OF_HEAD.search(buffer, at, min(end, at + MAX_HEAD))
    if found is None:
        if end - at >= MAX_HEAD:
            raise garbage("message-head")
        return None, at
    start_line, headers = _head(bytes(buffer[at : found.start()]))
    length = _content_length(headers)
    stop = found.end() + length
    if stop > end:
        return None, at
    return _message(start_line, headers, bytes(buffer[found.end() : stop])), stop


def request(method: str, uri: str, cseq: int, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A request without a body, ready to send."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {cseq}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def answer(asked: Request, status: int, reason: str) -> bytes:
    """Our answer to a request of the camera."""
    cseq = _number(asked.headers.get("cseq"))
    return f"RTSP/1.0 {status} {reason}\r\nCSeq: {0 if cseq is None else cseq}\r\n\r\n".encode("ascii")


def _check_start(begin: bytes) -> None:
    """Refuse at the first bytes what can not become a start line, so that noise never fills the buffer."""
    if _START.match(begin) or _VERSION.startswith(begin):
        return
    if len(begin) < _SHORTEST_START and _METHOD_BYTES.issuperset(begin):
        return
    raise garbage("start-line")


def _head(raw: bytes) -> tuple[str, Headers]:
    start_line, *lines = _FOLDED.sub(" ", raw.decode("utf-8", "surrogateescape")).split("\n")
    pairs = (line.partition(":") for line in lines)
    fields = ((name.strip(), value.strip().translate(_DANGEROUS)) for name, colon, value in pairs if colon)
    return start_line.strip(), Headers(fields)


def _message(start_line: str, headers: Headers, body: bytes) -> Response | Request:
    if status := _STATUS_LINE.fullmatch(start_line):
        return Response(status=int(status[1]), headers=headers, body=body)
    if asked := _REQUEST_LINE.fullmatch(start_line):
        return Request(method=asked[1], headers=headers)
    raise garbage("start-line")


def _content_length(headers: Headers) -> int:
    text = headers.get("content-length")
    if text is None:
        return 0
    length = _number(text)
    if length is None or length > MAX_BODY:
        raise garbage("content-length")
    return length


def _number(text: str | None) -> int | None:
    """A number of at most 10 decimal digits: longer ones would cost time and mean nothing."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,10}", text) else None
