"""Our wrapper against the published vectors (draft-ietf-hpke-pq) and against its own contexts."""

import json
from hashlib import shake_128
from importlib.resources import files
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.vault.hpke import PUBLIC_BYTES, KeyInvalid, KeyPair, PublicKey, WrapInvalid
from tests.storage.sealed import pair

X_WING = 0x647A


def _vectors() -> list[dict[str, Any]]:
    text = files("cryptography_vectors").joinpath("HPKE", "hpke-pq-test-vectors.json").read_text()
    return [vector for vector in json.loads(text) if (vector["mode"], vector["kem_id"]) == (0, X_WING)]


def test_there_are_vectors() -> None:
    assert [vector["kdf_id"] for vector in _vectors()] == [1, 17]


@pytest.mark.parametrize("vector", _vectors(), ids=lambda vector: f"kdf {vector['kdf_id']}")
def test_seed_expands_to_the_vectors_public_key(vector: dict[str, Any]) -> None:
    assert KeyPair(bytes.fromhex(vector["skRm"])).public.raw.hex() == vector["pkRm"]


def test_keys_derive_what_the_vector_derives() -> None:
    # The vector's messages carry aad, which a single-shot wrap has not: its key and nonce seal one without.
    vector = next(each for each in _vectors() if each["kdf_id"] == 1)
    box = ChaCha20Poly1305(bytes.fromhex(vector["key"])).encrypt(bytes.fromhex(vector["base_nonce"]), b"plain", None)
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    private = KeyPair(bytes.fromhex(vector["skRm"]))._key
    assert suite.decrypt(bytes.fromhex(vector["enc"]) + box, private, bytes.fromhex(vector["info"])) == b"plain"


def test_seed_expands_as_the_x_wing_draft_says() -> None:
    # draft-connolly-cfrg-xwing-kem, appendix "Test vectors": the seeds are SHAKE-128 of nothing, 96 bytes a vector.
    keys = KeyPair(shake_128(b"").digest(32))
    assert keys.seed.hex() == "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"
    assert keys.public.raw.hex().startswith("e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5")


@settings(max_examples=10)
@given(plaintext=st.binary(max_size=200))
def test_wrap_opens_with_its_key_and_context_alone(plaintext: bytes) -> None:
    keys = pair("one")
    wrapped = keys.public.wrap(plaintext, {"d": "test", "n": 1})
    assert len(wrapped) == len(plaintext) + 1120 + 16
    assert keys.unwrap(wrapped, {"n": 1, "d": "test"}) == plaintext
    with pytest.raises(WrapInvalid):
        keys.unwrap(wrapped, {"d": "test", "n": 2})
    with pytest.raises(WrapInvalid):
        pair("two").unwrap(wrapped, {"d": "test", "n": 1})


@pytest.mark.parametrize("at", [0, 500, 1087, 1088, 1119, 1120, -1])
def test_flipped_wrap_does_not_open(at: int) -> None:
    wrapped = bytearray(pair("one").public.wrap(b"share", {}))
    wrapped[at] ^= 1
    with pytest.raises(WrapInvalid):
        pair("one").unwrap(bytes(wrapped), {})


@pytest.mark.parametrize("size", [0, 1, 1119, 1120, 1121])
def test_short_wrap_does_not_open(size: int) -> None:
    with pytest.raises(WrapInvalid):
        pair("one").unwrap(bytes(size), {})


@pytest.mark.parametrize("raw", [b"", bytes(PUBLIC_BYTES - 1), bytes(PUBLIC_BYTES + 1), b"\xff" * PUBLIC_BYTES])
def test_bytes_that_are_no_public_key_are_refused(raw: bytes) -> None:
    with pytest.raises(KeyInvalid):
        PublicKey(raw)


def test_seed_of_another_length_is_refused() -> None:
    with pytest.raises(KeyInvalid):
        KeyPair(bytes(31))


def test_key_id_names_the_public_key() -> None:
    assert len(pair("one").public.kid) == 32
    assert pair("one").public.kid != pair("two").public.kid
