"""Why a camera is not being recorded, as one error with a cause that screens and gaps can name."""

from enum import StrEnum

from nvr.base.errors import Retryable, RunEnded


class Cause(StrEnum):
    """What stands between the recorder and the camera; the value is the id in gaps, logs and catalogues of texts."""

    UNREACHABLE = "unreachable"
    """No route, or the name is not known."""
    REFUSED = "refused"
    """The camera's host refused the connection."""
    TLS = "tls"
    """The TLS handshake failed."""
    UNTRUSTED = "untrusted"
    """The camera's certificate is not the one that is pinned, or nobody trusted has signed it."""
    TIMEOUT = "timeout"
    """The camera did not answer in time."""
    CLOSED = "closed"
    """The camera closed the connection."""
    NO_SECRET = "no-secret"  # noqa: S105 -- the name of a cause, not a password
    """The secrets file has no entry for this camera."""
    UNAUTHORIZED = "unauthorized"
    """The camera refused the user or the password."""
    NOT_FOUND = "not-found"
    """The camera answers, but knows no such stream."""
    REJECTED = "rejected"
    """The camera answered with another error; the field `status` has it."""
    BUSY = "busy"
    """The camera has no session left to give."""
    IN_USE = "in-use"
    """The device or the port of this machine is open already: in another program, or in another session of ours."""
    REDIRECTED = "redirected"
    """The camera sent us to another address: while it played, or too often before."""
    GARBAGE = "garbage"
    """What the camera sent is not RTSP, SDP or RTP."""
    NO_VIDEO = "no-video"
    """The camera offers no video track."""
    UNSUPPORTED_CODEC = "unsupported-codec"
    """The camera offers video, but in no coding that this recorder knows."""
    REORDERED = "reordered"
    """The camera sends the parts of its pictures out of decoding order (interleaved mode); it can be set otherwise."""
    UNSUPPORTED_TRANSPORT = "unsupported-transport"
    """The camera does not send over TCP."""
    NO_LIBRARY = "no-library"
    """The address needs a library of the machine that is not installed; the field `library` names it."""
    STALLED = "stalled"
    """The session stands, but no picture came for too long."""
    NOT_WRITTEN = "not-written"
    """Pictures come, but none of their bytes reached a disk for too long."""


class CameraUnreachable(Retryable):
    """An attempt or a session failed; the supervisor waits and tries again.

    The fields never hold a URL, a user or a password: cameras carry passwords in all three.
    """

    message_id = "camera-unreachable"

    def __init__(self, cause: Cause, **fields: object) -> None:
        super().__init__(None, cause=cause.value, **fields)
        self.cause = cause


class CameraBusy(CameraUnreachable):
    """The camera has no session to give now; `retry_after_s` is when it asks to be called again, None if it did not."""

    def __init__(self, *, status: int, retry_after_s: int | None = None) -> None:
        told = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
        super().__init__(Cause.BUSY, status=status, **told)
        self.retry_after_s = retry_after_s


class TimelineBroken(RunEnded):
    """The camera's time stamps can not be carried on: a new run begins; `reason` names the rule."""

    message_id = "timeline-broken"

    def __init__(self, reason: str, **fields: object) -> None:
        super().__init__(None, reason=reason, **fields)
        self.reason = reason


def garbage(what: str, **fields: object) -> CameraUnreachable:
    """The error for bytes that no reading of the standards allows; `what` names the place, never the bytes."""
    return CameraUnreachable(Cause.GARBAGE, what=what, **fields)
