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

from nvr.base.units import US_PER_SECOND
from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.rtsp.auth import Authenticator, Credentials, next_nonce, parse_challenges
from recorder.rtsp.keeping import KeepAlive
from recorder.rtsp.messages import Headers, Response, request
from recorder.rtsp.replies import (
    AGGREGATE_NOT_ALLOWED,
    DEFAULT_TIMEOUT_S,
    INVALID_RANGE,
    SESSION_NOT_FOUND,
    is_redirect,
    redirection,
    require_success,
    session_of,
    timeout_of,
)
from recorder.rtsp.sdp import VideoTrack, video_track
from recorder.rtsp.url import RtspUrl

USER_AGENT: Final = "Scelle"
_TRIES_PER_REQUEST: Final = 3
"""Unauthenticated, with the first nonce, with a fresh one: never more, since cameras lock accounts."""
_RANGE: Final = ("Range", "npt=0.000-")

_MAX_CHANNEL: Final = 255
_INTERLEAVED: Final = re.compile(r"([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?")


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

    def __init__(
        self, url: RtspUrl, credentials: Credentials | None, *, avoid_keep_alive: frozenset[str] = frozenset()
    ) -> None:
        self.phase = Phase.IDLE
        self.track: VideoTrack | None = None
        self.channels: Channels | None = None
        self._url = url
        self._credentials = credentials
        self._auth: Authenticator | None = None
        self._auth_accepted = False
        self._cseq = 0
        self._pending: _Pending | None = None
        self._keep_alive = KeepAlive(avoid_keep_alive)
        self._session: str | None = None
        self._timeout_s = DEFAULT_TIMEOUT_S
        self._aggregate = url.text
        self._asked_rtp = 0
        self._taken: set[int] = set()

    @property
    def awaits_answer(self) -> bool:
        """Whether a request has no answer yet."""
        return self._pending is not None

    @property
    def keep_alive_method(self) -> str:
        """Which request keeps the session."""
        return self._keep_alive.method

    @property
    def wants_reports(self) -> bool:
        """Whether a receiver report goes with each keep-alive."""
        return self._keep_alive.is_exhausted

    @property
    def timeout_us(self) -> int:
        """After how long without a request the camera may end the session."""
        return self._timeout_s * US_PER_SECOND

    @property
    def keep_alive_us(self) -> int:
        """How long after one keep-alive the next is due."""
        return self.timeout_us // 2

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
        if self._auth is not None:
            self._auth_accepted = True
            if nonce := next_nonce(response.headers.all("authentication-info")):
                self._auth.renew(nonce)
        if is_redirect(response) and self.phase is not Phase.PLAYING:
            raise self.redirection(response.headers)
        return self._advance(pending, response)

    def redirection(self, headers: Headers) -> CameraUnreachable:
        """What ends this session, when the camera says in these headers that the stream is elsewhere."""
        return redirection(self._url, headers)

    def early_data(self, channel: int) -> None:
        """Data came on this channel before any was set up: a session that the camera did not end.

        Its packets go on coming on the connection that took the old one's place, so other channels are asked for.
        """
        self._taken.add(channel)

    def keep_alive(self) -> bytes:
        """A request that only keeps the session; a camera that left the last one unanswered gets it all the same."""
        if self.phase is not Phase.PLAYING:
            return b""
        return self._ask(self._keep_alive.method, self._aggregate, *self._session_header())

    def teardown(self) -> bytes:
        """The request that ends the session; nothing when there is none."""
        had_session = self._session is not None
        self.phase = Phase.ENDED
        if not had_session:
            return b""
        return self._ask("TEARDOWN", self._aggregate, *self._session_header())

    def _advance(self, answered: _Pending, response: Response) -> bytes:
        match self.phase:
            case Phase.OPTIONS:
                return self._describe(response)
            case Phase.DESCRIBE:
                return self._set_up(response)
            case Phase.SETUP:
                return self._play(response)
            case Phase.PLAY:
                return self._played(answered, response)
            case Phase.PLAYING if response.status == SESSION_NOT_FOUND:
                raise CameraUnreachable(Cause.CLOSED, status=response.status, keep_alive=answered.method)
            case Phase.PLAYING if response.status >= HTTPStatus.BAD_REQUEST and self._keep_alive.refused():
                return self.keep_alive()
            case _:
                return b""

    def _describe(self, response: Response) -> bytes:
        """Cameras that refuse OPTIONS may still DESCRIBE, so the status is not looked at."""
        self._keep_alive.offered(response.headers.all("public"))
        self.phase = Phase.DESCRIBE
        return self._ask("DESCRIBE", self._url.text, ("Accept", "application/sdp"))

    def _set_up(self, response: Response) -> bytes:
        require_success(response)
        self.track = video_track(response, self._url.text, self._url.video)
        self._aggregate = self.track.aggregate
        self._asked_rtp = next(rtp for rtp in range(0, _MAX_CHANNEL, 2) if not {rtp, rtp + 1} & self._taken)
        self.phase = Phase.SETUP
        channels = f"{self._asked_rtp}-{self._asked_rtp + 1}"
        return self._ask("SETUP", self.track.control, ("Transport", f"RTP/AVP/TCP;unicast;interleaved={channels}"))

    def _play(self, response: Response) -> bytes:
        require_success(response)
        self._session, self._timeout_s = session_of(response.headers.get("session"))
        self.channels = _channels(response.headers.get("transport"), self._asked_rtp)
        self.phase = Phase.PLAY
        return self._ask("PLAY", self._aggregate, *self._session_header(), _RANGE)

    def _played(self, refused: _Pending, response: Response) -> bytes:
        """Some cameras refuse a Range, or an address for all tracks together where there is one track."""
        if response.status == INVALID_RANGE and _RANGE in refused.headers:
            return self._ask("PLAY", refused.uri, *self._session_header())
        if (
            response.status == AGGREGATE_NOT_ALLOWED
            and self.track is not None
            and self._aggregate != self.track.control
        ):
            self._aggregate = self.track.control
            return self._ask("PLAY", self._aggregate, *refused.headers)
        require_success(response)
        self._timeout_s = timeout_of(response.headers.get("session")) or self._timeout_s
        self.phase = Phase.PLAYING
        return b""

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
                self._keep_alive.refused()
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


def _channels(value: str | None, asked_rtp: int) -> Channels:
    """The channels that the camera chose; those that we asked for where it names none.

    Some cameras leave `/TCP` out of the profile: channels mean the same.
    """
    if value is None or not re.search("tcp|interleaved", value, re.IGNORECASE):
        raise CameraUnreachable(Cause.UNSUPPORTED_TRANSPORT)
    for part in re.split("[;,]", value):
        name, _, numbers = part.strip().partition("=")
        if name.strip().lower() == "interleaved" and (found := _INTERLEAVED.fullmatch(numbers.strip().strip('"'))):
            rtp = int(found[1])
            rtcp = int(found[2]) if found[2] is not None else rtp + 1
            if max(rtp, rtcp) > _MAX_CHANNEL:
                raise garbage("transport")
            return Channels(rtp=rtp, rtcp=rtcp)
    return Channels(rtp=asked_rtp, rtcp=asked_rtp + 1)
