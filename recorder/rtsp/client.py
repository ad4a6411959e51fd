"""The client's side of one RTSP session as a pure state machine: answers in, next requests out.

    OPTIONS -> DESCRIBE -> SETUP (video only) -> PLAY -> playing: keep-alive at half the session's time-out
                                                          TEARDOWN ends it from any state

No other track than the video is ever set up, so a camera's sound never reaches the recorder (invariant 7).
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin

from nvr.base.units import US_PER_SECOND
from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.rtsp.auth import Authenticator, Credentials, parse_challenges
from recorder.rtsp.messages import Response, request
from recorder.rtsp.sdp import VideoTrack, video_track
from recorder.rtsp.url import RtspUrl, parse_url

USER_AGENT: Final = "Scelle"
SESSION_NOT_FOUND: Final = 454
UNSUPPORTED_TRANSPORT: Final = 461
"""RFC 2326 section 11.3; the other codes are those of HTTP."""
DEFAULT_TIMEOUT_S: Final = 60
"""RFC 2326 section 12.37, where the camera names none."""
_MAX_TIMEOUT_S: Final = 3600
_TRIES_PER_REQUEST: Final = 3
"""Unauthenticated, with the first nonce, with a fresh one: never more, since cameras lock accounts."""

_MAX_CHANNEL: Final = 255
_INTERLEAVED: Final = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")
_SESSION_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")


class Phase(Enum):
    """How far the session has come; named after the request that awaits its answer."""

    IDLE = auto()
    OPTIONS = auto()
    DESCRIBE = auto()
    SETUP = auto()
    PLAY = auto()
    PLAYING = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class Channels:
    """The interleaved channels of the video track (RFC 2326 section 10.12)."""

    rtp: int
    rtcp: int


class Redirected(Exception):
    """The camera says that the stream is elsewhere. Not an error: the session connects anew."""

    def __init__(self, url: RtspUrl) -> None:
        super().__init__(repr(url))
        self.url = url


@dataclass(slots=True)
class _Pending:
    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    cseq: int
    tries: int = 1


class RtspClient:
    """One session. `begin` once, then `receive` for every answer; what they return is to be sent.

    `track` is known once DESCRIBE is answered, `channels` once SETUP is: data may come from then on, since cameras
    send the first packets ahead of the answer to PLAY.
    """

    def __init__(self, url: RtspUrl, credentials: Credentials | None) -> None:
        self.phase = Phase.IDLE
        self.track: VideoTrack | None = None
        self.channels: Channels | None = None
        self._url = url
        self._credentials = credentials
        self._auth: Authenticator | None = None
        self._auth_accepted = False
        self._cseq = 0
        self._pending: _Pending | None = None
        self._methods: frozenset[str] = frozenset()
        self._session: str | None = None
        self._timeout_s = DEFAULT_TIMEOUT_S

    @property
    def awaits_answer(self) -> bool:
        """Whether a request has no answer yet."""
        return self._pending is not None

    @property
    def keep_alive_us(self) -> int:
        """How long after one keep-alive the next is due."""
        return self._timeout_s * US_PER_SECOND // 2

    def begin(self) -> bytes:
        """The first request."""
        self.phase = Phase.OPTIONS
        return self._ask("OPTIONS", self._url.text)

    def receive(self, response: Response) -> bytes:
        """The next request to send, or nothing.

        Raises:
            CameraUnreachable: the session can not be had; see the cause.
            Redirected: the stream is elsewhere.
        """
        pending = self._pending
        if pending is None or response.status < HTTPStatus.OK or response.cseq not in (None, pending.cseq):
            return b""
        if response.status == HTTPStatus.UNAUTHORIZED:
            return self._authenticate(pending, response)
        self._pending = None
        self._auth_accepted = self._auth is not None
        redirects = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST
        if redirects and self.phase is not Phase.PLAYING:
            raise Redirected(self._location(response))
        return self._advance(response)

    def keep_alive(self) -> bytes:
        """A request that only keeps the session; a camera that left the last one unanswered gets it all the same."""
        if self.phase is not Phase.PLAYING or self.track is None:
            return b""
        method = "GET_PARAMETER" if "GET_PARAMETER" in self._methods else "OPTIONS"
        return self._ask(method, self.track.aggregate, *self._session_header())

    def teardown(self) -> bytes:
        """The request that ends the session; nothing when there is none."""
        had_session = self._session is not None
        self.phase = Phase.ENDED
        if not had_session or self.track is None:
            return b""
        return self._ask("TEARDOWN", self.track.aggregate, *self._session_header())

    def _advance(self, response: Response) -> bytes:
        match self.phase:
            case Phase.OPTIONS:
                return self._describe(response)
            case Phase.DESCRIBE:
                return self._set_up(response)
            case Phase.SETUP:
                return self._play(response)
            case Phase.PLAY:
                _require_success(response)
                self.phase = Phase.PLAYING
            case Phase.PLAYING if response.status == SESSION_NOT_FOUND:
                raise CameraUnreachable(Cause.CLOSED, status=response.status)
            case _:
                pass
        return b""

    def _describe(self, response: Response) -> bytes:
        """Cameras that refuse OPTIONS may still DESCRIBE, so the status is not looked at."""
        offered = ",".join(response.headers.all("public"))
        self._methods = frozenset(name.strip().upper() for name in offered.split(","))
        self.phase = Phase.DESCRIBE
        return self._ask("DESCRIBE", self._url.text, ("Accept", "application/sdp"))

    def _set_up(self, response: Response) -> bytes:
        _require_success(response)
        self.track = video_track(response, self._url.text)
        self.phase = Phase.SETUP
        return self._ask("SETUP", self.track.control, ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"))

    def _play(self, response: Response) -> bytes:
        if response.status == UNSUPPORTED_TRANSPORT:
            raise CameraUnreachable(Cause.UNSUPPORTED_TRANSPORT, status=response.status)
        _require_success(response)
        self._session, self._timeout_s = _session(response.headers.get("session"))
        self.channels = _channels(response.headers.get("transport"))
        self.phase = Phase.PLAY
        aggregate = self.track.aggregate if self.track is not None else self._url.text
        return self._ask("PLAY", aggregate, *self._session_header(), ("Range", "npt=0.000-"))

    def _authenticate(self, pending: _Pending, response: Response) -> bytes:
        """Answer a challenge; a second refusal of the same password is final unless the nonce had merely aged.

        While pictures come, a refused keep-alive ends nothing: the camera closes the session if it means to.
        """
        challenge = parse_challenges(response.headers.all("www-authenticate"))
        aged = challenge is not None and (challenge.stale or self._auth_accepted)
        may_try = pending.tries < _TRIES_PER_REQUEST and (self._auth is None or aged)
        if self._credentials is None or challenge is None or not may_try:
            if self.phase is Phase.PLAYING:
                self._pending = None
                return b""
            raise CameraUnreachable(Cause.UNAUTHORIZED, known=self._credentials is not None)
        self._auth = Authenticator(self._credentials, challenge)
        self._auth_accepted = False
        pending.tries += 1
        return self._send(pending)

    def _ask(self, method: str, uri: str, *headers: tuple[str, str]) -> bytes:
        self._pending = _Pending(method=method, uri=uri, headers=headers, cseq=0)
        return self._send(self._pending)

    def _send(self, pending: _Pending) -> bytes:
        self._cseq += 1
        pending.cseq = self._cseq
        headers = [*pending.headers, ("User-Agent", USER_AGENT)]
        if self._auth is not None:
            headers.append(("Authorization", self._auth.header(pending.method, pending.uri)))
        return request(pending.method, pending.uri, pending.cseq, headers)

    def _session_header(self) -> tuple[tuple[str, str], ...]:
        return (("Session", self._session),) if self._session is not None else ()

    def _location(self, response: Response) -> RtspUrl:
        location = response.headers.get("location")
        if location is None:
            raise CameraUnreachable(Cause.REJECTED, status=response.status)
        try:
            return parse_url(urljoin(self._url.text, location))
        except ValueError:  # urljoin's, for brackets that hold no address
            raise garbage("location") from None


def _require_success(response: Response) -> None:
    match response.status:
        case status if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        case HTTPStatus.NOT_FOUND:
            raise CameraUnreachable(Cause.NOT_FOUND)
        case HTTPStatus.FORBIDDEN as status:
            raise CameraUnreachable(Cause.UNAUTHORIZED, status=status)
        case status:
            raise CameraUnreachable(Cause.REJECTED, status=status)


def _session(value: str | None) -> tuple[str | None, int]:
    """Session id and time-out in seconds; a camera without sessions gives neither (RFC 2326 section 12.37)."""
    if value is None:
        return None, DEFAULT_TIMEOUT_S
    session, *parameters = (part.strip() for part in value.split(";"))
    if not _SESSION_ID.fullmatch(session):
        raise garbage("session")
    for parameter in parameters:
        if found := re.fullmatch(r"timeout\s*=\s*([0-9]{1,9})", parameter, re.IGNORECASE):
            return session, min(int(found[1]) or DEFAULT_TIMEOUT_S, _MAX_TIMEOUT_S)
    return session, DEFAULT_TIMEOUT_S


def _channels(value: str | None) -> Channels:
    """The channels that the camera chose; those that we asked for where it names none.

    Some cameras leave `/TCP` out of the profile: channels mean the same.
    """
    if value is None or not re.search("tcp|interleaved", value, re.IGNORECASE):
        raise CameraUnreachable(Cause.UNSUPPORTED_TRANSPORT)
    for part in value.split(";"):
        name, _, numbers = part.strip().partition("=")
        if name.strip().lower() == "interleaved" and (found := _INTERLEAVED.fullmatch(numbers.strip())):
            rtp = int(found[1])
            rtcp = int(found[2]) if found[2] is not None else rtp + 1
            if rtp == rtcp or max(rtp, rtcp) > _MAX_CHANNEL:
                raise garbage("transport")
            return Channels(rtp=rtp, rtcp=rtcp)
    return Channels(rtp=0, rtcp=1)
