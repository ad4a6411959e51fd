"""A camera's login from the secrets file, by the name under which the snapshot refers to it."""

from collections.abc import Callable
from typing import TypeAlias

from nvr.base.errors import NvrError
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials

Secrets: TypeAlias = Callable[[str], tuple[str, str]]
"""Gives user and password of a named secret; raises LookupError or an NvrError where there is none."""


def credentials_of(secret: str | None, secrets: Secrets) -> Credentials | None:
    """The login of this name; None for a camera that asks for none.

    Raises:
        CameraUnreachable: cause `no-secret`.
    """
    if secret is None:
        return None
    try:
        user, password = secrets(secret)
    except (LookupError, NvrError):
        raise CameraUnreachable(Cause.NO_SECRET) from None
    return Credentials(user=user, password=password)
