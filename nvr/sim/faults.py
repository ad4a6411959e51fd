"""What can go wrong with a simulated camera while it runs, each fault by name."""

import asyncio
from enum import Enum, auto


class Answers(Enum):
    """How a camera answers requests."""

    NORMAL = auto()
    NOT_FOUND = auto()
    UNAUTHORIZED = auto()
    GARBAGE = auto()
    NOTHING = auto()
    REDIRECT = auto()


class Faults:
    """The faults of one camera; the event loop owns it, and every method takes effect for all its clients.

    `recover` ends the lasting ones (answers, busy, freeze); the others happen once.
    """

    def __init__(self) -> None:
        self.answers = Answers.NORMAL
        self.redirect_uri = ""
        self.busy_status = 0
        self.retry_after = ""
        self.frozen = False
        self._packets_to_lose = 0
        self._garbage = b""
        self._jump_90k = 0
        self._reset = False
        self._cut_in_frame = False
        self._nonce_expires = False
        self._connections: set[asyncio.Transport] = set()

    def recover(self) -> None:
        """Behave again; a stream that was frozen goes on at its next key frame."""
        self.answers = Answers.NORMAL
        self.busy_status = 0
        self.frozen = False

    def answer_not_found(self) -> None:
        """404 to everything but OPTIONS."""
        self.answers = Answers.NOT_FOUND

    def answer_unauthorized(self) -> None:
        """401 to everything but OPTIONS, whatever the credentials."""
        self.answers = Answers.UNAUTHORIZED

    def answer_garbage(self) -> None:
        """Bytes that are no RTSP in answer to DESCRIBE."""
        self.answers = Answers.GARBAGE

    def answer_nothing(self) -> None:
        """Take connections and requests, and never answer."""
        self.answers = Answers.NOTHING

    def answer_redirect(self, uri: str) -> None:
        """302 to this URI in answer to DESCRIBE."""
        self.answers = Answers.REDIRECT
        self.redirect_uri = uri

    def answer_busy(self, status: int, *, retry_after: str = "") -> None:
        """This status, 453 or 503, in answer to SETUP: no session is left; call again after `retry_after`."""
        self.busy_status = status
        self.retry_after = retry_after

    def ask_redirect(self, uri: str) -> None:
        """Ask the clients between two frames to go on at this URI (RFC 2326 section 10.10), and play on."""
        self._garbage += f"REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: {uri}\r\n\r\n".encode()

    def freeze(self) -> None:
        """Keep connections open and send nothing more on them: no media, no reports, no answers."""
        self.frozen = True

    def drop_connections(self) -> None:
        """Reset every connection of this camera now, wherever the stream stands; what was unsent is lost."""
        for transport in tuple(self._connections):
            transport.abort()

    def drop_in_frame(self) -> None:
        """Send the first half of the next frame, then close."""
        self._cut_in_frame = True

    def lose_packets(self, count: int) -> None:
        """Do not send the next `count` RTP packets; their sequence numbers are used up."""
        self._packets_to_lose += count

    def send_garbage(self, garbage: bytes) -> None:
        """Send these bytes as they are, between two frames."""
        self._garbage += garbage

    def reset_timestamps(self) -> None:
        """Begin again with RTP timestamp 0 at the next key frame, as a camera does that restarted its encoder."""
        self._reset = True

    def expire_nonce(self) -> None:
        """Answer the next request with a new digest nonce, marked stale when the old one was used rightly."""
        self._nonce_expires = True

    def jump_timestamps(self, ticks_90k: int) -> None:
        """Let RTP timestamps leap from the next frame on, forward or back."""
        self._jump_90k += ticks_90k

    # What follows is for the server's own parts.

    def connected(self, transport: asyncio.Transport) -> None:
        """A client addressed this camera on this connection."""
        self._connections.add(transport)

    def disconnected(self, transport: asyncio.Transport) -> None:
        """The connection is gone."""
        self._connections.discard(transport)

    def take_lost_packets(self, most: int) -> int:
        """How many of the next `most` packets are lost."""
        lost = min(most, self._packets_to_lose)
        self._packets_to_lose -= lost
        return lost

    def take_garbage(self) -> bytes:
        """What to send between frames, once."""
        garbage, self._garbage = self._garbage, b""
        return garbage

    def take_jump_90k(self) -> int:
        """By how much timestamps leap now."""
        jump_90k, self._jump_90k = self._jump_90k, 0
        return jump_90k

    @property
    def reset_awaits_key(self) -> bool:
        """Whether timestamps are to begin again at the next key frame."""
        return self._reset

    def take_reset(self) -> bool:
        """Whether timestamps begin again at this key frame."""
        reset, self._reset = self._reset, False
        return reset

    def take_nonce_expiry(self) -> bool:
        """Whether the digest nonce is renewed now."""
        expires, self._nonce_expires = self._nonce_expires, False
        return expires

    def take_cut(self) -> bool:
        """Whether this frame is sent in half."""
        cut, self._cut_in_frame = self._cut_in_frame, False
        return cut
