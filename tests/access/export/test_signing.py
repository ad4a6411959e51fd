"""Manifests are signed as openssl verifies them, with no key that is too weak."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from access.export.signing import (
    ExportSigner,
    KeyUnusable,
    SignatureInvalid,
    fingerprint,
    load_public_key,
    verify_signature,
)
from tests.access.footage import signer


def test_signature_fits_its_bytes_and_no_others() -> None:
    public = load_public_key(signer().public_pem)
    signature = signer().sign(b"manifest")
    verify_signature(public, b"manifest", signature)
    for data, other in ((b"manifesT", signature), (b"manifest", signature[:-1]), (b"manifest", signer().sign(b""))):
        with pytest.raises(SignatureInvalid):
            verify_signature(public, data, other)


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("pem", [b"", b"no key", _pem(Ed25519PrivateKey.generate())])
def test_other_private_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyUnusable):
        ExportSigner.from_pem(pem)


def test_short_key_is_refused() -> None:
    key = generate_private_key(65537, 2048)
    with pytest.raises(KeyUnusable):
        ExportSigner.from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnusable):
        load_public_key(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


UNKNOWN_KIND = b"""-----BEGIN PUBLIC KEY-----
MBcwDQYJKoZIhvcNAQF/BQADBgAxMjM0NQ==
-----END PUBLIC KEY-----
"""
"""Of RSA's object identifier with its last number changed, as one changed byte makes it."""


@pytest.mark.parametrize("pem", [b"", b"no key", UNKNOWN_KIND])
def test_other_public_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyUnusable):
        load_public_key(pem)


def test_signer_reads_the_key_that_init_wrote() -> None:
    key = generate_private_key(65537, 3072)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    verify_signature(key.public_key(), b"x", ExportSigner.from_pem(pem).sign(b"x"))


@pytest.mark.system("openssl")
def test_fingerprint_is_what_openssl_gives(tmp_path: Path) -> None:
    (tmp_path / "export.pub").write_bytes(signer().public_pem)
    command = "openssl pkey -pubin -in export.pub -outform DER | sha256sum"
    told = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == fingerprint(load_public_key(signer().public_pem))
