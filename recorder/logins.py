"""A camera's login from the secrets file, by the name under which the snapshot refers to it."""

from collections.abc import Callable
from typing import Final, TypeAlias

from nvr.base.errors import NvrError
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials

Secrets: TypeAlias = Callable[[str], tuple[str, str]]
"""Gives user and password of a named secret; raises LookupError or an NvrError where there is none."""

OF_THE_LOGIN: Final = frozenset({Cause.UNAUTHORIZED.value, Cause.NO_SECRET.value})
"""What another login may mend."""
MAX_DOUBLINGS: Final = 4
"""Of the wait after a refused password, from one minute to 16: half of the time for which cameras lock an account."""


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


class Login:
    """The login of one camera as its worker tries it."""

    def __init__(self, secret: str | None, secrets: Secrets, *, refused_s: float) -> None:
        self._secret = secret
        self._secrets = secrets
        self._refused_s = refused_s
        self._tried: Credentials | None = None
        self._refusals = 0

    def credentials(self) -> Credentials | None:
        """The login to try now; None for a camera that asks for none.

        Raises:
            CameraUnreachable: cause `no-secret`.
        """
        tried, self._tried = self._tried, self._kept()
        if self._tried != tried:
            self._refusals = 0
        return self._tried or credentials_of(self._secret, self._secrets)

    def is_renewed(self) -> bool:
        """Whether another login is kept than the one that was tried last."""
        return self._kept() != self._tried

    def accepted(self) -> None:
        """The camera took it."""
        self._refusals = 0

    def refused_s(self) -> float:
        """The camera refused it: the least wait. Cameras lock accounts, for longer the more often they are asked."""
        self._refusals += 1
        return self._refused_s * 2.0 ** min(self._refusals - 1, MAX_DOUBLINGS)

    def _kept(self) -> Credentials | None:
        try:
            return credentials_of(self._secret, self._secrets)
        except CameraUnreachable:
            return None
