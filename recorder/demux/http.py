"""The body of a camera's answer over HTTP (RFC 9110, RFC 9112): a stream that does not end.

The request is ours and not FFmpeg's: certificates are accepted as `camera_tls` says, a login is told only to the host
that it is for, and no message of FFmpeg can hold it.
"""

import http.client
import socket
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.rtsp.auth import Authenticator, Credentials, parse_challenges
from recorder.rtsp.connecting import unreachable
from recorder.rtsp.trust import Trust

_PORTS: Final = {"http": 80, "https": 443}
_MOST_REQUESTS: Final = 6
"""Of one opening: a challenge, a nonce that was stale, and three redirects."""
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CAUSES: Final = {
    _UNAUTHORIZED: Cause.UNAUTHORIZED,
    403: Cause.UNAUTHORIZED,
    404: Cause.NOT_FOUND,
    503: Cause.BUSY,  # what cameras answer that have no stream left to give
}
_CONTAINERS: Final = {"multipart/x-mixed-replace": "mpjpeg"}
"""Formats that the demuxers know by their label only."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to connect, and what to ask for."""

    host: str
    port: int
    tls: bool
    target: str

    def __repr__(self) -> str:
        """Host and port only."""
        return f"_Place({self.host}:{self.port})"


class HttpInput:
    """The answer to a GET, from the first byte of its body on."""

    delay_us = 0

    def __init__(self, url: str, credentials: Credentials | None, trust: Trust, *, timeout_s: float) -> None:
        self._trust = trust
        self._timeout_s = timeout_s
        self._opened = ExitStack()
        self._socket: socket.socket | None = None
        try:
            self._response = self._follow(url, credentials)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.close()
            raise _failure(error) from None
        except BaseException:
            self.close()
            raise

    @property
    def container(self) -> str | None:
        """By the label of the body."""
        return _CONTAINERS.get(self._response.headers.get_content_type())

    def read(self, size: int) -> bytes:
        """What came, as `Input` has it."""
        try:
            return self._response.read1(size)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise CameraUnreachable(Cause.CLOSED, errno=getattr(error, "errno", None)) from None

    def missing(self, pid: int) -> int | None:  # noqa: ARG002 -- as `Input` has it: TCP loses nothing
        """See `Input`."""
        return None

    def wait_at_most(self, seconds: float) -> None:
        """See `Input`."""
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def close(self) -> None:
        """See `Input`."""
        self._opened.close()

    def _follow(self, url: str, credentials: Credentials | None) -> http.client.HTTPResponse:
        """The answer that holds the stream, behind challenges and redirects."""
        first = place = _place(url)
        authenticator: Authenticator | None = None
        for _ in range(_MOST_REQUESTS):
            response = self._ask(place, authenticator)
            if response.status == _OK:
                return response
            self.close()
            if response.status in _MOVED:
                url = urljoin(url, response.headers.get("Location", ""))
                place, authenticator = _place(url), None
                if first.tls and not place.tls:
                    raise CameraUnreachable(Cause.REDIRECTED)
            elif response.status == _UNAUTHORIZED and credentials is not None and _may_know(place, first):
                authenticator = _answer(response, credentials, authenticator)
            else:
                raise CameraUnreachable(_CAUSES.get(response.status, Cause.REJECTED), status=response.status)
        raise CameraUnreachable(Cause.REDIRECTED)

    def _ask(self, place: _Place, authenticator: Authenticator | None) -> http.client.HTTPResponse:
        context = self._trust.blocking_context(place)
        connection = (
            http.client.HTTPConnection(place.host, place.port, timeout=self._timeout_s)
            if context is None
            else http.client.HTTPSConnection(place.host, place.port, timeout=self._timeout_s, context=context)
        )
        self._opened.callback(connection.close)
        connection.connect()
        self._socket = connection.sock  # which the connection lets go of once the answer is there
        if isinstance(connection.sock, ssl.SSLSocket):
            self._trust.admit(place, connection.sock)
        headers: dict[str, str | bytes] = {"Accept": "*/*", "Connection": "close"}
        if authenticator is not None:
            headers["Authorization"] = authenticator.header("GET", place.target).encode()
        connection.request("GET", place.target, headers=headers)
        response = connection.getresponse()
        self._opened.callback(response.close)
        return response


def _place(url: str) -> _Place:
    """Raises CameraUnreachable, cause `garbage`: not an address of HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise garbage("url") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise garbage("url")
    return _Place(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", _target(parts))


def _may_know(place: _Place, first: _Place) -> bool:
    """Whether the login is for this place: the camera's own, or where the camera's host speaks TLS."""
    return place.host == first.host and (place.port == first.port or place.tls)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _answer(
    response: http.client.HTTPResponse, credentials: Credentials, before: Authenticator | None
) -> Authenticator:
    """What answers the challenge. Raises CameraUnreachable: it was answered already, or can not be."""
    challenge = parse_challenges(response.headers.get_all("WWW-Authenticate", []))
    if challenge is None or (before is not None and (before.challenge.stale or not challenge.stale)):
        raise CameraUnreachable(Cause.UNAUTHORIZED)
    return Authenticator(credentials, challenge)


def _failure(error: Exception) -> CameraUnreachable:
    match error:
        case http.client.RemoteDisconnected() | ConnectionResetError() | BrokenPipeError():
            return CameraUnreachable(Cause.CLOSED)
        case OSError() | UnicodeError():
            return unreachable(error)
    return garbage("http")
