"""Who may see a simulated camera: Basic (RFC 7617) and Digest (RFC 7616, and RFC 2069 without qop)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Final

from nvr.sim.camera import SimCamera
from nvr.sim.messages import Request

_REALM: Final = "sim"
_PARAMETER: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Authenticator:
    """Challenges and checks for one camera; the nonce holds until `renew_nonce`."""

    def __init__(self, camera: SimCamera) -> None:
        self._camera = camera
        self._nonce = secrets.token_hex(16)
        self._stale: set[str] = set()

    def renew_nonce(self) -> None:
        """From now on answers to the old nonce are refused as stale."""
        self._stale.add(self._nonce)
        self._nonce = secrets.token_hex(16)

    def challenge(self, request: Request) -> str:
        """The value of WWW-Authenticate; a camera without authentication challenges with Basic when it must."""
        if self._camera.auth != "digest":
            return f'Basic realm="{_REALM}"'
        parts = [f'realm="{_REALM}"', f'nonce="{self._nonce}"', f"algorithm={self._camera.digest_algorithm}"]
        if self._camera.qop_auth:
            parts.append('qop="auth"')
        if _parameters(request).get("nonce") in self._stale:
            parts.append("stale=true")
        return f"Digest {', '.join(parts)}"

    def accepts(self, request: Request) -> bool:
        """Whether this request may pass."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if self._camera.auth == "none":
            return True
        if scheme.lower() != self._camera.auth:
            return False
        if self._camera.auth == "basic":
            return self._accepts_basic(credentials)
        return self._accepts_digest(request)

    def _accepts_basic(self, credentials: str) -> bool:
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self._camera.user}:{self._camera.password}".encode())

    def _accepts_digest(self, request: Request) -> bool:
        given = _parameters(request)
        if given.get("nonce") != self._nonce or given.get("username") != self._camera.user:
            return False
        ha1 = self._hash(f"{self._camera.user}:{_REALM}:{self._camera.password}")
        ha2 = self._hash(f"{request.method}:{given.get('uri', '')}")
        middle = [self._nonce]
        if self._camera.qop_auth:
            if given.get("qop") != "auth":
                return False
            middle += [given.get("nc", ""), given.get("cnonce", ""), "auth"]
        expected = self._hash(":".join([ha1, *middle, ha2]))
        return hmac.compare_digest(given.get("response", "").lower().encode(), expected.encode())

    def _hash(self, text: str) -> str:
        if self._camera.digest_algorithm == "SHA-256":
            return hashlib.sha256(text.encode()).hexdigest()
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _parameters(request: Request) -> dict[str, str]:
    text = request.headers.get("authorization", "")
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(text)}
