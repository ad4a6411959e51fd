"""HPKE (RFC 9180) with X-Wing: wraps that bind their context (docs/design/keys.md "Primitives").

The one module that touches the library's HPKE: its interface still moves with every major version.
"""

import base64
import os
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import shake_256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical, digest

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216
"""1,184 of ML-KEM-768, 32 of X25519."""

_MLKEM_SEED_BYTES: Final = 64
_MLKEM_PUBLIC_BYTES: Final = 1184
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class WrapInvalid(EvidenceAtRisk):
    """A wrapped key does not open: made for another key or another context, or altered."""

    message_id = "wrap-invalid"


class KeyInvalid(EvidenceAtRisk):
    """Bytes that should be a key are not one."""

    message_id = "key-invalid"


@dataclass(frozen=True)
class PublicKey:
    """An X-Wing public key: 1,216 raw bytes.

    Raises:
        KeyInvalid: the bytes are no such key.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise KeyInvalid(what="length of an X-Wing public key")
        _ = self._key

    @cached_property
    def _key(self) -> MLKEM768X25519PublicKey:
        try:
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC_BYTES]),
                X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC_BYTES:]),
            )
        except ValueError as error:
            raise KeyInvalid(what="not an X-Wing public key") from error

    @cached_property
    def text(self) -> str:
        """Base64, as it stands in JSON."""
        return base64.b64encode(self.raw).decode()

    @cached_property
    def kid(self) -> str:
        """The key id: 16 bytes of a hash, in hex."""
        return digest({"d": "scelle/key/id/1", "public": self.text}).hex()[:32]

    def wrap(self, plaintext: bytes, info: Json) -> bytes:
        """Encrypt to this key, bound to `info` (RFC 9180 section 6.1, `SealBase` with empty aad)."""
        return _SUITE.encrypt(plaintext, self._key, canonical(info))


@dataclass(frozen=True)
class KeyPair:
    """An X-Wing key pair from its 32-byte seed, which its text form never shows.

    draft-connolly-cfrg-xwing-kem section 5.2, `expandDecapsulationKey`.
    """

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise KeyInvalid(what="length of an X-Wing seed")

    @classmethod
    def generate(cls) -> "KeyPair":
        """A fresh pair from the kernel's random source."""
        return cls(os.urandom(SEED_BYTES))

    @cached_property
    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = shake_256(self.seed).digest(_MLKEM_SEED_BYTES + 32)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
        )

    @cached_property
    def _key(self) -> MLKEM768X25519PrivateKey:
        return MLKEM768X25519PrivateKey(*self._halves)

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        mlkem, x25519 = self._halves
        return PublicKey(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    def unwrap(self, wrapped: bytes, info: Json) -> bytes:
        """Decrypt what was wrapped to this key for this context.

        Raises:
            WrapInvalid: another key, another context, or altered bytes.
        """
        try:
            return _SUITE.decrypt(wrapped, self._key, canonical(info))
        except InvalidTag as error:
            raise WrapInvalid(kid=self.public.kid) from error
