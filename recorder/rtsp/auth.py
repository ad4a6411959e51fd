"""How a camera is told the password: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616), as RTSP uses them."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

_HASHES: Final[dict[str, Callable[[bytes], "hashlib._Hash"]]] = {
    "SHA-256": hashlib.sha256,
    "SHA-512-256": partial(hashlib.new, "sha512_256"),
    "MD5": hashlib.md5,
}
"""Algorithms that we answer, the preferred first: SHA-256 is the one that more cameras have right."""
_SESSION: Final = "-SESS"
_RANKS: Final = (*(name + variant for name in _HASHES for variant in ("", _SESSION)), "")

_SCHEME: Final = re.compile(r"(?:^|,)\s*(basic|digest)\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PARAMETER: Final = re.compile(r'([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of one camera; neither is ever printed."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a camera asks for in a 401 answer; texts are as sent, still escaped.

    `algorithm` is in capitals (`MD5-SESS`: with a key of the session), and empty for Basic.
    """

    algorithm: str
    realm: str = ""
    nonce: str = ""
    opaque: str | None = None
    qop: bool = False
    stale: bool = False


def parse_challenges(values: Iterable[str]) -> Challenge | None:
    """The best challenge that we can answer among the WWW-Authenticate values; None when there is none."""
    known = [challenge for value in values for challenge in _challenges(value)]
    return min(known, key=lambda challenge: _RANKS.index(challenge.algorithm), default=None)


def next_nonce(values: Iterable[str]) -> str | None:
    """The nonce that Authentication-Info names for the requests to come (RFC 7616 section 3.5); None for none."""
    named = (quoted or bare for value in values for name, quoted, bare in _PARAMETER.findall(value) if _is_next(name))
    return next((nonce for nonce in named if nonce), None)


def _is_next(name: str) -> bool:
    return name.lower() == "nextnonce"


class Authenticator:
    """Writes the Authorization header for one challenge; counts the nonce's uses (RFC 7616 section 3.4)."""

    def __init__(self, credentials: Credentials, challenge: Challenge) -> None:
        self._credentials = credentials
        self.challenge = challenge
        self._nonce = challenge.nonce
        self._cnonce = secrets.token_hex(8)
        self._uses = 0

    def renew(self, nonce: str) -> None:
        """Answer to this nonce from now on, without a new challenge. The session's key stays that of the first."""
        self._nonce, self._uses = nonce, 0

    def header(self, method: str, uri: str) -> str:
        """The value of the Authorization header of one request."""
        if not self.challenge.algorithm:
            pair = f"{self._credentials.user}:{self._credentials.password}"
            return "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii")
        self._uses += 1
        return self._digest(method, uri)

    def _digest(self, method: str, uri: str) -> str:
        asked = self.challenge
        user, nonce = self._credentials.user, _unescaped(self._nonce)
        request = self._hashed(method, uri)
        fields = [
            f'username="{_escaped(user)}"',
            f'realm="{asked.realm}"',
            f'nonce="{self._nonce}"',
            f'uri="{uri}"',
        ]
        if asked.qop:
            count = f"{self._uses:08x}"
            fields += ["qop=auth", f"nc={count}"]
            response = self._hashed(self._secret(), nonce, count, self._cnonce, "auth", request)
        else:
            response = self._hashed(self._secret(), nonce, request)
        if asked.qop or self._has_session_key:
            fields.append(f'cnonce="{self._cnonce}"')
        fields.append(f'response="{response}"')
        if asked.algorithm != "MD5":
            fields.append(f"algorithm={asked.algorithm.replace(_SESSION, _SESSION.lower())}")
        if asked.opaque is not None:
            fields.append(f'opaque="{asked.opaque}"')
        return "Digest " + ", ".join(fields)

    @property
    def _has_session_key(self) -> bool:
        return self.challenge.algorithm.endswith(_SESSION)

    def _secret(self) -> str:
        """A1 of RFC 7616 section 3.4.2."""
        asked = self.challenge
        secret = self._hashed(self._credentials.user, _unescaped(asked.realm), self._credentials.password)
        return self._hashed(secret, _unescaped(asked.nonce), self._cnonce) if self._has_session_key else secret

    def _hashed(self, *parts: str) -> str:
        make = _HASHES[self.challenge.algorithm.removesuffix(_SESSION)]
        return make(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _challenges(value: str) -> Iterator[Challenge]:
    """A value may hold several challenges; what stands in quotes begins none."""
    masked = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), value)
    starts = list(_SCHEME.finditer(masked))
    ends = [following.start() for following in starts[1:]] + [len(value)]
    for found, end in zip(starts, ends, strict=False):
        text = value[found.end() : end]
        challenge = _digest_challenge(text) if found[1].lower() == "digest" else Challenge(algorithm="")
        if challenge is not None:
            yield challenge


def _digest_challenge(text: str) -> Challenge | None:
    """None when the algorithm or the protection asked for is not one of ours."""
    fields = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(text)}
    algorithm = fields.get("algorithm", "MD5").upper()
    offered = [token.strip().lower() for token in fields.get("qop", "").split(",") if token.strip()]
    if algorithm not in _RANKS or (offered and "auth" not in offered):
        return None
    return Challenge(
        algorithm=algorithm,
        realm=fields.get("realm", ""),
        nonce=fields.get("nonce", ""),
        opaque=fields.get("opaque"),
        qop=bool(offered),
        stale=fields.get("stale", "").lower() == "true",
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
