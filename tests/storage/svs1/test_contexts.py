"""Hashes and keys as docs/design/svs1.md writes them, computed here a second time from the page."""

import hashlib
import hmac

from storage.merkle import leaf_hash, tree_hash
from storage.svs1 import contexts

DEK = bytes(range(32))
HH = b"\xab" * 32
HEAD = bytes(128)


def _expand(key: bytes, info: str) -> bytes:
    """HKDF-Expand with SHA-512 for 32 bytes: one round of RFC 5869 section 2.3."""
    return hmac.new(key, info.encode() + b"\x01", hashlib.sha512).digest()[:32]


def test_header_hash() -> None:
    assert contexts.header_hash(b"{}") == hashlib.sha256(b"SVSEG\x00\x01\n{}").digest()


def test_commitment() -> None:
    assert contexts.commitment(DEK, HH) == _expand(DEK, f'{{"d":"scelle/svs1/commit/1","hh":"{HH.hex()}"}}')


def test_record_key_and_its_commitment() -> None:
    info = f'{{"d":"scelle/svs1/record/1","head":"{HEAD.hex()}","hh":"{HH.hex()}"}}'
    key = contexts.record_key(DEK, HH, HEAD)
    assert key == _expand(DEK, info)
    text = f'{{"d":"scelle/svs1/rkc/1","k":"{key.hex()}"}}'
    assert contexts.record_key_commitment(key) == hashlib.sha256(text.encode()).digest()


def test_key_changes_with_any_bit_of_the_head() -> None:
    keys = {contexts.record_key(DEK, HH, HEAD[:at] + b"\x01" + HEAD[at + 1 :]) for at in range(128)}
    assert len(keys) == 128


def test_inner_root_and_segment_root() -> None:
    slices = [b"one", b"two", b"three"]
    inner = contexts.inner_root(b"front", slices, b"tag")
    assert inner == tree_hash([leaf_hash(part) for part in (b"front", *slices, b"tag")])
    assert inner == contexts.inner_root_from_hashes(b"front", [leaf_hash(part) for part in slices], b"tag")
    root = contexts.segment_root(HH, DEK, [inner, inner])
    assert root == tree_hash([leaf_hash(HH + DEK), leaf_hash(inner), leaf_hash(inner)])
