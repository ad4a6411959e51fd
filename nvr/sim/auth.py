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
        self._session_nonce = self._nonce

    def renew_nonce(self) -> None:
        """From now on answers to the old nonce are refused as stale."""
        self._stale.add(self._nonce)
        self._nonce = secrets.token_hex(16)

    def challenge(self, request: Request) -> str:
        """The value of WWW-Authenticate; a camera without authentication challenges with Basic when it must."""
        if self._camera.auth != "digest":
            return f'Basic realm="{_REALM}"'
        self._session_nonce = self._nonce
        more = ', qop="auth"' if self._camera.qop_auth else ""
        if _parameters(request).get("nonce") in self._stale:
            more += ", stale=true"
        begin = f'Digest realm="{_REALM}", nonce="{self._nonce}", algorithm='
        algorithms = (*self._camera.digest_also, self._camera.digest_algorithm)
        return ", ".join(begin + each + more for each in algorithms)

    def next_nonce(self) -> str:
        """The value of Authentication-Info: a nonce for the next request, the only one that is taken."""
        self.renew_nonce()
        return f'nextnonce="{self._nonce}"'

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
        if self._camera.digest_algorithm.endswith("-sess"):
            ha1 = self._hash(f"{ha1}:{self._session_nonce}:{given.get('cnonce', '')}")
        ha2 = self._hash(f"{request.method}:{given.get('uri', '')}")
        middle = [self._nonce]
        if self._camera.qop_auth:
            if given.get("qop") != "auth":
                return False
            middle += [given.get("nc", ""), given.get("cnonce", ""), "auth"]
        expected = self._hash(":".join([ha1, *middle, ha2]))
        return hmac.compare_digest(given.get("response", "").lower().encode(), expected.encode())

    def _hash(self, text: str) -> str:
        name = self._camera.digest_algorithm.removesuffix("-sess").lower()
        name = {"sha-512-256": "sha512_256", "sha-256": "sha256"}.get(name, name)
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _parameters(request: Request) -> dict[str, str]:
    text = request.headers.get("authorization", "")
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(text)}
