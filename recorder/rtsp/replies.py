"""What the camera's answers say: success or the cause of a refusal, the session, where the stream is instead."""

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin

from recorder.errors import CameraBusy, CameraUnreachable, Cause, garbage
from recorder.rtsp.messages import Headers, Response
from recorder.rtsp.url import RtspUrl, parse_url

SESSION_NOT_FOUND: Final = 454
INVALID_RANGE: Final = 457
AGGREGATE_NOT_ALLOWED: Final = 459
"""RFC 2326 section 11.3; the other codes are those of HTTP."""

_REFUSALS: Final[Mapping[int, Cause]] = MappingProxyType(
    {
        403: Cause.UNAUTHORIZED,
        404: Cause.NOT_FOUND,
        453: Cause.BUSY,  # Not Enough Bandwidth: what cameras say of one session too many, as of 503
        461: Cause.UNSUPPORTED_TRANSPORT,
        503: Cause.BUSY,
    }
)
DEFAULT_TIMEOUT_S: Final = 60
"""RFC 2326 section 12.37, where the camera names none."""
_MAX_TIMEOUT_S: Final = 3600
_MAX_RETRY_AFTER_S: Final = 120
"""A camera that asks to be left alone for longer is asked all the same: what it does not send is lost."""
_SESSION_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
_TIMEOUT: Final = re.compile(r"timeout\s*=\s*\"?([0-9]{1,9})\"?", re.IGNORECASE)
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
"""Not 305: what it names is a proxy, and none was configured."""


class Redirected(CameraUnreachable):
    """The camera says that the stream is elsewhere, at `url`: the session connects anew, there."""

    def __init__(self, url: RtspUrl) -> None:
        super().__init__(Cause.REDIRECTED)
        self.url = url


def require_success(response: Response) -> None:
    """Raise what a refusal means, as CameraUnreachable with its cause."""
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    cause = _REFUSALS.get(response.status, Cause.REJECTED)
    if cause is Cause.BUSY:
        raise CameraBusy(status=response.status, retry_after_s=_retry_after_s(response.headers.get("retry-after")))
    raise CameraUnreachable(cause, status=response.status)


def _retry_after_s(value: str | None) -> int | None:
    """Seconds (RFC 2326 section 12.31); a date says nothing, since few cameras' clocks are right."""
    if value is None or not re.fullmatch("[0-9]{1,9}", value):
        return None
    return max(1, min(int(value), _MAX_RETRY_AFTER_S))


def is_redirect(response: Response) -> bool:
    """Whether the answer names another place for what was asked for."""
    return response.status in _MOVED


def redirection(url: RtspUrl, headers: Headers) -> CameraUnreachable:
    """What to raise for a redirection of the stream at `url`, by an answer or by the camera's own request."""
    location = headers.get("location")
    if not location:
        return CameraUnreachable(Cause.REJECTED, what="location")
    try:
        target = parse_url(urljoin(url.text, location))
    except (ValueError, CameraUnreachable):  # ValueError is urljoin's, for brackets that hold no address
        return garbage("location")
    return Redirected(replace(target, video=url.video))


def session_of(value: str | None) -> tuple[str | None, int]:
    """Session id and time-out in seconds; a camera without sessions gives neither (RFC 2326 section 12.37)."""
    if value is None:
        return None, DEFAULT_TIMEOUT_S
    session = value.partition(";")[0].strip()
    if not _SESSION_ID.fullmatch(session):
        raise garbage("session")
    return session, timeout_of(value) or DEFAULT_TIMEOUT_S


def timeout_of(value: str | None) -> int | None:
    """The time-out of a Session header in seconds; None where it names none."""
    for parameter in (value or "").split(";")[1:]:
        if found := _TIMEOUT.fullmatch(parameter.strip()):
            return min(int(found[1]), _MAX_TIMEOUT_S) or None
    return None
