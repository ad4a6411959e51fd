"""Who may ask a simulated camera: the token of WS-Security with a password digest, or the digest of HTTP."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND
from nvr.sim.auth import Authenticator
from nvr.sim.camera import SimCamera
from nvr.sim.messages import Request
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.words import Asked, local


class Door:
    """Checks the logins of one camera."""

    def __init__(self, camera: OnvifCamera, clock: Clock) -> None:
        self._camera = camera
        self._clock = clock
        self._nonces: set[str] = set()
        self._http = Authenticator(
            SimCamera(
                name="onvif",
                auth="digest",
                user=camera.user,
                password=camera.password,
                digest_algorithm=camera.digest_algorithm,
                qop_auth=True,
            )
        )

    def renew_nonce(self) -> None:
        """From now on answers to the old nonce of HTTP are refused as stale."""
        self._http.renew_nonce()

    @staticmethod
    def is_tried(request: Request, asked: Asked) -> bool:
        """Whether this request brings a login, right or wrong."""
        brings_token = any(local(each.tag) == "UsernameToken" for each in asked.envelope.iter())
        return brings_token or "authorization" in request.headers

    def accepts(self, request: Request, asked: Asked) -> bool:
        """Whether this request may pass."""
        match self._camera.login:
            case "none":
                return True
            case "token":
                return self._accepts_token(asked)
            case "digest":
                return self._http.accepts(request)
            case "either":
                return self._http.accepts(request) or self._accepts_token(asked)

    def challenge(self, request: Request) -> str | None:
        """The value of WWW-Authenticate; None where HTTP's login is not offered."""
        return self._http.challenge(request) if self._camera.login in {"digest", "either"} else None

    def _accepts_token(self, asked: Asked) -> bool:
        told = {local(each.tag): (each.text or "").strip() for each in asked.envelope.iter()}
        created, nonce = told.get("Created", ""), told.get("Nonce", "")
        if told.get("Username") != self._camera.user or nonce in self._nonces or not self._is_now(created):
            return False
        try:
            given = base64.b64decode(told.get("Password", ""), validate=True)
            salt = base64.b64decode(nonce, validate=True)
        except binascii.Error:
            return False
        self._nonces.add(nonce)
        whole = salt + created.encode() + self._camera.password.encode()
        return hmac.compare_digest(given, hashlib.sha1(whole, usedforsecurity=False).digest())

    def _is_now(self, created: str) -> bool:
        try:
            instant = datetime.fromisoformat(created).astimezone(UTC)
        except ValueError:
            return False
        now_s = self._clock.utc_us() / US_PER_SECOND + self._camera.clock_offset_s
        return abs(instant.timestamp() - now_s) <= self._camera.token_age_s
