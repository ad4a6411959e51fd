"""The export key: RSA-3072, RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8017 section 8.1).

RSA, since ONVIF's export format asks for it and `openssl dgst` of any age verifies it.
"""

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from nvr.base.errors import EvidenceAtRisk

SALT_BYTES: Final = 32
LEAST_KEY_BITS: Final = 3072

_PADDING: Final = PSS(mgf=MGF1(SHA256()), salt_length=SALT_BYTES)


class KeyUnusable(EvidenceAtRisk):
    """The bytes are not the kind of key that is needed here."""

    message_id = "key-unusable"


class SignatureInvalid(EvidenceAtRisk):
    """The signature does not fit the bytes and the key."""

    message_id = "signature-invalid"


class ExportSigner:
    """Signs manifests; it alone holds the private key."""

    def __init__(self, private_key: RSAPrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def from_pem(cls, pem: bytes) -> "ExportSigner":
        """The signer with this PKCS#8 key in PEM.

        Raises:
            KeyUnusable: not an RSA key of 3,072 bits or more.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(key="export") from error
        if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_KEY_BITS:
            raise KeyUnusable(key="export")
        return cls(key)

    @property
    def public_pem(self) -> bytes:
        """The public key, as SubjectPublicKeyInfo in PEM."""
        return self._private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        """The signature over the bytes."""
        return self._private_key.sign(data, _PADDING, SHA256())


def load_public_key(pem: bytes) -> RSAPublicKey:
    """The export key in the PEM.

    Raises:
        KeyUnusable: not an RSA key of 3,072 bits or more.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(key="export") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
        raise KeyUnusable(key="export")
    return key


def fingerprint(public_key: RSAPublicKey) -> str:
    """SHA-256 over the key's DER (SubjectPublicKeyInfo), in hex: what a town prints and publishes.

    `openssl pkey -pubin -in keys/export.pub -outform DER | sha256sum` gives the same.
    """
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def verify_signature(public_key: RSAPublicKey, data: bytes, signature: bytes) -> None:
    """Check a manifest's signature.

    Raises:
        SignatureInvalid: it does not fit.
    """
    try:
        public_key.verify(signature, data, _PADDING, SHA256())
    except InvalidSignature as error:
        raise SignatureInvalid from error
