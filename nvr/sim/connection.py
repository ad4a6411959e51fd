"""One RTSP connection to the simulator: requests in, answers and interleaved media out (RFC 2326)."""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, cast

from nvr.sim.auth import Authenticator
from nvr.sim.camera import SimCamera
from nvr.sim.dialect import PUBLIC
from nvr.sim.faults import Answers, Faults
from nvr.sim.feed import Feed, Player, Source, Track
from nvr.sim.messages import Interleaved, MalformedRequest, Request, RequestParser, response
from nvr.sim.sdp import AUDIO_TRACK, VIDEO_TRACK, describe

REQUESTS_KEPT: Final = 1000
GARBAGE: Final = bytes(range(1, 256)) * 4
_INTERLEAVED: Final = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")


class Device:
    """All that stands behind one camera's URL; the event loop owns it."""

    def __init__(self, camera: SimCamera, source: Source) -> None:
        self.camera = camera
        self.source = source
        self.faults = Faults()
        self.feed = Feed(camera, source, self.faults)
        self.authenticator = Authenticator(camera)
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self._arrival = asyncio.Event()

    def requested(self, request: Request) -> None:
        """Note a request, and wake who waits for one."""
        self.requests.append(request)
        self._arrival.set()
        self._arrival = asyncio.Event()

    async def wait_request(self, method: str, count: int) -> None:
        """Until so many of the requests that are kept had this method."""
        while sum(request.method == method for request in self.requests) < count:
            await self._arrival.wait()


class Connection(asyncio.Protocol):
    """Answers one client; it has at most one session, of one camera."""

    def __init__(self, devices: Mapping[str, Device], opened: set[asyncio.Transport]) -> None:
        self._devices = devices
        self._opened = opened
        self._transport: asyncio.Transport
        self._parser = RequestParser()
        self._device: Device | None = None
        self._session = ""
        self._tracks: dict[str, Track] = {}
        self._player: Player | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._methods: Mapping[str, Callable[[Device, Request], bytes]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
            "TEARDOWN": self._teardown,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not inherit from asyncio's
        self._opened.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """The client is gone, or was cut."""
        self._opened.discard(self._transport)
        self._end_session()
        if self._device is not None:
            self._device.faults.disconnected(self._transport)

    def data_received(self, data: bytes) -> None:
        """Requests, and RTCP packets, which only show that the client lives."""
        try:
            for message in self._parser.feed(data):
                if isinstance(message, Interleaved):
                    self._keep_alive("RTCP")
                else:
                    self._answer(message)
                    self._keep_alive(message.method)
        except MalformedRequest:
            self._transport.write(response(Request(method="", uri="", headers={}), 400))
            self._transport.close()

    def _answer(self, request: Request) -> None:
        if request.method == "OPTIONS" and not request.path:
            self._transport.write(response(request, 200, {"Public": PUBLIC}))
            return
        device = self._devices.get(request.path[0]) if request.path else None
        if device is None:
            self._transport.write(response(request, 404))
            return
        self._use(device)
        device.requested(request)
        if self._player is not None and request.method in device.camera.dialect.dies_of:
            self._transport.close()
            return
        if device.faults.frozen or device.faults.answers is Answers.NOTHING:
            return
        self._transport.write(self._respond(device, request))
        if request.method == "PLAY" and self._player is not None:
            # Only now, so that no media goes before the answer.
            device.feed.add(self._player)

    def _use(self, device: Device) -> None:
        if self._device is not device:
            if self._device is not None:
                self._end_session()
                self._device.faults.disconnected(self._transport)
            self._device = device
            device.faults.connected(self._transport)

    def _respond(self, device: Device, request: Request) -> bytes:
        answers = device.faults.answers
        dialect = device.camera.dialect
        if request.method in dialect.refuses:
            return response(request, 501)
        if request.method == "OPTIONS" and (not dialect.guards_options or device.authenticator.accepts(request)):
            return response(request, 200, {} if dialect.public is None else {"Public": dialect.public})
        if request.method not in self._methods and request.method != "OPTIONS":
            return response(request, 405, {"Allow": PUBLIC})
        if answers is Answers.NOT_FOUND:
            return response(request, 404)
        if device.faults.take_nonce_expiry():
            device.authenticator.renew_nonce()
        if answers is Answers.UNAUTHORIZED or not device.authenticator.accepts(request):
            return response(request, 401, {"WWW-Authenticate": device.authenticator.challenge(request)})
        answer = self._methods[request.method](device, request)
        if dialect.next_nonce:
            info = f"Authentication-Info: {device.authenticator.next_nonce()}\r\n".encode()
            answer = answer.replace(b"CSeq:", info + b"CSeq:", 1)
        return answer

    def _describe(self, device: Device, request: Request) -> bytes:
        if device.faults.answers is Answers.GARBAGE:
            return GARBAGE
        if device.faults.answers is Answers.REDIRECT:
            return response(request, 302, {"Location": device.faults.redirect_uri})
        uri = request.uri.rstrip("/")
        headers = {"Content-Type": "application/sdp"}
        base = device.camera.dialect.content_base
        if base is not None:
            headers["Content-Base"] = base.format(uri=uri, path="/".join(request.path))
        return response(request, 200, headers, describe(device.camera, device.source.parameter_sets, uri))

    def _setup(self, device: Device, request: Request) -> bytes:
        faults = device.faults
        if faults.busy_status:
            wait = {"Retry-After": faults.retry_after} if faults.retry_after else None
            return response(request, faults.busy_status, wait)
        offered = (VIDEO_TRACK, AUDIO_TRACK) if device.camera.audio else (VIDEO_TRACK,)
        track = request.path[-1]
        if track not in offered:
            return response(request, 404)
        if self._session and request.headers.get("session", self._session) != self._session:
            return response(request, 454)
        if self._player is not None:
            return response(request, 455)
        channels = _INTERLEAVED.search(request.headers.get("transport", ""))
        if channels is None or int(channels[1]) > 255:  # noqa: PLR2004 -- a channel is one byte
            return response(request, 461)
        self._session = self._session or secrets.token_hex(8)
        dialect = device.camera.dialect
        self._tracks[track] = made = Track(*(dialect.sends_on or (int(channels[1]), int(channels[2]))))
        transport = dialect.transport.format(channels=f"{channels[1]}-{channels[2]}", ssrc=made.ssrc)
        return response(request, 200, {"Transport": transport, "Session": self._session_header(device)})

    def _play(self, device: Device, request: Request) -> bytes:
        if not self._names_session(request):
            return response(request, 454)
        dialect = device.camera.dialect
        if not dialect.aggregate and request.path[-1] not in self._tracks:
            return response(request, 459)
        if self._player is None:
            self._player = Player(self._transport, self._tracks.get(VIDEO_TRACK), self._tracks.get(AUDIO_TRACK))
        base = request.uri.rstrip("/")
        info = ",".join(f"url={base}/{name};seq={track.sequence}" for name, track in self._tracks.items())
        info = info if dialect.rtp_info is None else dialect.rtp_info
        headers = {"Session": self._session_header(device), "Range": "npt=0.000-", "RTP-Info": info}
        return response(request, 200, headers)

    def _parameter(self, device: Device, request: Request) -> bytes:
        if "session" in request.headers and not self._names_session(request):
            return response(request, 454)
        return response(request, 200, {"Session": self._session_header(device)} if self._session else None)

    def _teardown(self, device: Device, request: Request) -> bytes:  # noqa: ARG002 -- one signature for all methods
        if not self._names_session(request):
            return response(request, 454)
        self._end_session()
        return response(request, 200)

    def _names_session(self, request: Request) -> bool:
        return bool(self._session) and request.headers.get("session", "").partition(";")[0] == self._session

    def _session_header(self, device: Device) -> str:
        named = device.camera.dialect.names_timeout
        return f"{self._session};timeout={self._timeout_s(device)}" if named else self._session

    def _end_session(self) -> None:
        if self._player is not None and self._device is not None:
            self._device.feed.remove(self._player)
        if self._expiry is not None:
            self._expiry.cancel()
        self._player = None
        self._expiry = None
        self._session = ""
        self._tracks = {}

    def _keep_alive(self, method: str) -> None:
        if self._device is None:
            return
        counts = self._device.camera.dialect.counts
        if self._expiry is not None:
            if counts is not None and method not in {*counts, "PLAY"}:
                return
            self._expiry.cancel()
            self._expiry = None
        if self._session:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self._timeout_s(self._device), self._expire, self._device)

    def _timeout_s(self, device: Device) -> int:
        said = device.camera.dialect.play_timeout_s
        return device.camera.session_timeout_s if said is None or self._player is None else said

    def _expire(self, device: Device) -> None:
        device.feed.counters.sessions_timed_out += 1
        self._end_session()
        self._transport.close()
