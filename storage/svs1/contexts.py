"""Hashes and keys of a segment: each from its own context, a JCS object with a domain label.

docs/design/svs1.md "Header", "Record", "Leaf, root". Pure.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from nvr.base.jcs import canonical, digest
from storage.merkle import inclusion_path, leaf_hash, tree_hash, verify_inclusion
from storage.svs1.layout import HASH_BYTES, MAGIC

NONCE: Final = bytes(12)
"""Of every record: zero, since one key seals one message (docs/design/svs1.md, invariant 3)."""

Bytes: TypeAlias = bytes | bytearray | memoryview


def header_hash(header_json: bytes) -> bytes:
    """`hh`, which binds every key of a segment to its header."""
    return sha256(MAGIC + header_json).digest()


def commitment(dek: Bytes, hh: bytes) -> bytes:
    """`commit`: proves which data key belongs to the header. AES-GCM alone does not commit to its key."""
    return _expand(dek, canonical({"d": "scelle/svs1/commit/1", "hh": hh.hex()}))


def record_key(dek: Bytes, hh: bytes, head: bytes) -> bytes:
    """`k`, the key of the one record with this head (128 bytes, as in the file)."""
    return _expand(dek, canonical({"d": "scelle/svs1/record/1", "head": head.hex(), "hh": hh.hex()}))


def record_key_commitment(key: bytes) -> bytes:
    """`rkc`: proves that a record key that was handed out is the one that sealed the record."""
    return digest({"d": "scelle/svs1/rkc/1", "k": key.hex()})


def header_leaf(hh: bytes, commit: bytes) -> bytes:
    """The leaf hash of `hh || commit`, the first of a segment's tree."""
    return leaf_hash(hh + commit)


def inner_root(front: Bytes, slices: Iterable[Bytes], tag: Bytes) -> bytes:
    """The root over one record: `front` is head, rkc and slice lengths; the slices are of the ciphertext."""
    return tree_hash([leaf_hash(front), *map(leaf_hash, slices), leaf_hash(tag)])


def inner_root_from_hashes(front: Bytes, slice_leaf_hashes: Sequence[bytes], tag: Bytes) -> bytes:
    """The same from the slices' leaf hashes, for one who has not all of the ciphertext."""
    return tree_hash([leaf_hash(front), *slice_leaf_hashes, leaf_hash(tag)])


def front_path(front: Bytes, slices: Iterable[Bytes], tag: Bytes) -> list[bytes]:
    """The audit path of `front`: what proves a record's head to one who has its inner root and nothing else of it."""
    leaves = [leaf_hash(front), *map(leaf_hash, slices), leaf_hash(tag)]
    return inclusion_path(lambda level, at: tree_hash(leaves[at << level : (at + 1) << level]), 0, len(leaves))


def check_front(front: Bytes, slice_count: int, path: Sequence[bytes], inner: bytes) -> None:
    """Check that the record with this inner root has this front.

    Raises:
        ProofInvalid: the path does not show it.
    """
    verify_inclusion(leaf_hash(front), 0, slice_count + 2, path, inner)


def segment_root(hh: bytes, commit: bytes, inner_roots: Iterable[bytes]) -> bytes:
    """The root that the ledger holds for a segment."""
    return tree_hash([header_leaf(hh, commit), *map(leaf_hash, inner_roots)])


def _expand(key: Bytes, info: bytes) -> bytes:
    return HKDFExpand(algorithm=SHA512(), length=HASH_BYTES, info=info).derive(key)
