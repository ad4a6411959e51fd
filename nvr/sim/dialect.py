"""How a simulated camera speaks, where real ones differ; docs/design/ingest-dialects.md names who does what."""

from dataclasses import dataclass
from typing import Final

PUBLIC: Final = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The defaults are what the standard asks for.

    Attributes:
        public: what OPTIONS answers; None for no Public header at all.
        refuses: methods that are answered 501, whatever `public` says.
        guards_options: OPTIONS too needs the password.
        content_base: of the answer to DESCRIBE, with `{uri}` and `{path}` of what was asked for; None for none.
        control: of the video track in the description, with `{uri}` and `{track}`.
        jpeg_first: a track of motion JPEG, which the simulator never sends, stands before the video.
        transport: of the answer to SETUP, with `{channels}` as asked for and `{ssrc}`.
        sends_on: channels of packets and reports, whatever was agreed; None for those asked for.
        names_timeout: Session says after how long it ends.
        rtp_info: of the answer to PLAY; None for the true one.
        next_nonce: every answer names the nonce of the next request, and no other is taken (digest only).
        counts: requests that keep a session alive, None for all; with no other one it ends at its time-out.
        dies_of: requests at which the connection is closed, unanswered, while it plays.
        play_timeout_s: the time-out that the answer to PLAY names, and which holds, whatever that to SETUP said.
        aggregate: PLAY takes the address of all tracks; else 459, and the track's own is to be used.
    """

    public: str | None = PUBLIC
    refuses: frozenset[str] = frozenset()
    guards_options: bool = False
    content_base: str | None = "{uri}/"
    control: str = "{track}"
    jpeg_first: bool = False
    transport: str = "RTP/AVP/TCP;unicast;interleaved={channels};ssrc={ssrc:08X}"
    sends_on: tuple[int, int] | None = None
    names_timeout: bool = True
    rtp_info: str | None = None
    next_nonce: bool = False
    counts: frozenset[str] | None = None
    dies_of: frozenset[str] = frozenset()
    play_timeout_s: int | None = None
    aggregate: bool = True


STANDARD: Final = Dialect()
"""As the standard has it."""
