"""What one simulated camera is: its picture, its stream, its credentials, its clock."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from nvr.base.errors import InvalidValue
from nvr.sim.dialect import STANDARD, Dialect

Auth = Literal["none", "basic", "digest"]
DigestAlgorithm = Literal["MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"]
Codec = Literal["h264", "h265"]

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_MIN_WIDTH: Final = 160
"""Below this the cells of the machine-readable instant are under 5 pixels wide."""

_MIN_HEIGHT: Final = 90
_MAX_FPS: Final = 120


@dataclass(frozen=True, slots=True)
class SimCamera:
    """One camera of a `Simulator`; `name` is the path of its URL.

    Attributes:
        fps: frames per second; frames are due at exact multiples of 1/fps.
        gop_frames: a key frame at least this often; a new client gets one at once.
        codec: how the pictures are coded.
        b_frames: B-frames between references; with any, frames leave in decoding order, later than captured.
        auth: who may DESCRIBE, SETUP and PLAY; `user` and `password` count for basic and digest.
        digest_algorithm: RFC 7616; MD5 without `qop_auth` is the form of RFC 2069 that most cameras speak.
        digest_also: further algorithms that the challenge offers; only `digest_algorithm` is taken.
        audio: offer a PCMU track beside the video, and send silence to whoever sets it up.
        parameter_sets_in_band: send the parameter sets before each key frame, not only in the SDP.
        aggregate: send them as one aggregation packet (RFC 6184 section 5.7.1, RFC 7798 section 4.4.2).
        sender_reports: send RTCP sender reports, the first with the first frame.
        session_timeout_s: a session without any request or RTCP packet for so long is closed.
        clock_offset_us: how far the camera's own clock (the NTP time of its reports) is ahead of UTC. The drawn
            clock and the drawn code always show true UTC, so that what a recorder concluded can be measured.
        dialect: how it speaks, where cameras differ.
        clock_drift_ppm: how much faster than UTC the camera's crystal runs: RTP timestamps and reports follow it.
    """

    name: str
    width: int = 640
    height: int = 360
    fps: int = 25
    gop_frames: int = 50
    bitrate_bps: int = 800_000
    codec: Codec = "h264"
    b_frames: int = 0
    auth: Auth = "none"
    user: str = ""
    password: str = ""
    digest_algorithm: DigestAlgorithm = "MD5"
    digest_also: tuple[DigestAlgorithm, ...] = ()
    qop_auth: bool = False
    audio: bool = False
    parameter_sets_in_band: bool = True
    aggregate: bool = False
    sender_reports: bool = True
    session_timeout_s: int = 60
    clock_offset_us: int = 0
    clock_drift_ppm: int = 0
    dialect: Dialect = STANDARD

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn, encoded or addressed.

        Raises:
            InvalidValue: a field is out of its range.
        """
        if _NAME.fullmatch(self.name) is None:
            raise InvalidValue(field="name", value=self.name, expected="1 to 63 of A-Z a-z 0-9 _ . -")
        _require("width", self.width, ok=self.width >= _MIN_WIDTH and self.width % 2 == 0, expected="even, >= 160")
        _require("height", self.height, ok=self.height >= _MIN_HEIGHT and self.height % 2 == 0, expected="even, >= 90")
        _require("fps", self.fps, ok=1 <= self.fps <= _MAX_FPS, expected="1 to 120")
        _require("gop_frames", self.gop_frames, ok=self.gop_frames >= 1, expected=">= 1")
        _require("bitrate_bps", self.bitrate_bps, ok=self.bitrate_bps > 0, expected="> 0")
        _require("b_frames", self.b_frames, ok=self.b_frames >= 0, expected=">= 0")
        _require("session_timeout_s", self.session_timeout_s, ok=self.session_timeout_s >= 1, expected=">= 1")


def _require(field: str, value: int, *, ok: bool, expected: str) -> None:
    if not ok:
        raise InvalidValue(field=field, value=value, expected=expected)
