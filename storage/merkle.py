"""The Merkle tree of RFC 6962 section 2.1 (restated in RFC 9162 section 2.1) over SHA-256, and its proofs.

Pure functions. A tree over n leaves splits at the largest power of two below n, so that every complete
subtree keeps its hash for ever: a *node* is (level, index), the root over the 2**level leaves that begin at
index * 2**level.

Proofs are made and checked for *subtrees* [start, end), of which the whole tree [0, n) is one: a subtree is
valid when start is a multiple of the smallest power of two that is not below end - start
(draft-ietf-plants-merkle-tree-certs section 4, "Subtrees").
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from nvr.base.errors import EvidenceAtRisk

HASH_BYTES: Final = 32

EMPTY_TREE_HASH: Final = sha256().digest()

NodeSource: TypeAlias = Callable[[int, int], bytes]
"""Gives the hash of the node (level, index); only nodes of complete subtrees are asked for."""


class ProofInvalid(EvidenceAtRisk):
    """A proof does not show what it claims; field `why` says at which rule it failed."""

    message_id = "proof-invalid"


def leaf_hash(leaf: bytes | bytearray | memoryview) -> bytes:
    """SHA-256(0x00 || leaf)."""
    digest = sha256(b"\x00")
    digest.update(leaf)
    return digest.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over the leaf hashes; SHA-256 of nothing for an empty tree."""
    if not leaf_hashes:
        return EMPTY_TREE_HASH
    level = list(leaf_hashes)
    while len(level) > 1:
        # A last node without a sibling rises as it is, which gives the tree that is split at powers of two.
        unpaired = level[len(level) & ~1 :]
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        level += unpaired
    return level[0]


def subtree_hash(nodes: NodeSource, start: int, end: int) -> bytes:
    """The root over the leaves [start, end), which must be a valid subtree or empty."""
    if start == end:
        return EMPTY_TREE_HASH
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(width)
    return node_hash(subtree_hash(nodes, start, middle), subtree_hash(nodes, middle, end))


def inclusion_path(nodes: NodeSource, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), from the leaf up.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree_hash(nodes, middle, end))
            end = middle
        else:
            path.append(subtree_hash(nodes, start, middle))
            start = middle
    return path[::-1]


def consistency_path(nodes: NodeSource, size1: int, size2: int) -> list[bytes]:
    """The proof that the tree of `size1` leaves is the beginning of that of `size2` (RFC 6962 section 2.1.2).

    Raises:
        ValueError: not 0 < size1 <= size2.
    """
    return subtree_consistency_path(nodes, 0, size1, size2)


def subtree_consistency_path(nodes: NodeSource, start: int, end: int, size: int) -> list[bytes]:
    """The proof that the valid subtree [start, end) is part of the tree of `size` leaves.

    Raises:
        ValueError: the subtree is not valid, or not within the tree.
    """
    if not is_subtree(start, end) or end > size:
        raise ValueError(f"[{start}, {end}) is not a subtree of a tree of {size}")
    path = []
    left, right = 0, size
    whole = True  # the subtree's own hash is known to the verifier, and need not be told
    while (left, right) != (start, end):
        middle = left + _split(right - left)
        if end <= middle:
            path.append(subtree_hash(nodes, middle, right))
            right = middle
        else:
            path.append(subtree_hash(nodes, left, middle))
            if start < middle:
                start, whole = middle, False
            left = middle
    if not whole:
        path.append(subtree_hash(nodes, left, right))
    return path[::-1]


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is a valid, non-empty subtree."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the tree of `size` leaves with this root has the leaf hash `leaf` at `index`.

    RFC 9162 section 2.1.3.2.

    Raises:
        ProofInvalid: the proof does not show it.
    """
    verify_subtree_inclusion(leaf, index, 0, size, path, root)


def verify_subtree_inclusion(leaf: bytes, index: int, start: int, end: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the subtree [start, end) with this root has this leaf hash at `index` of the whole tree.

    Raises:
        ProofInvalid: the proof does not show it.
    """
    _demand(is_subtree(start, end) and start <= index < end, "no such leaf")
    _demand_hashes([leaf, *path])
    at, last = index - start, end - start - 1
    computed = leaf
    for sibling in path:
        _demand(last != 0, "path too long")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            rise = _levels_to_the_right_child(at)
        else:
            computed = node_hash(computed, sibling)
            rise = 1
        at, last = at >> rise, last >> rise
    _demand(last == 0, "path too short")
    _demand(computed == root, "another root")


def verify_consistency(size1: int, root1: bytes, size2: int, root2: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of `size1` leaves is the beginning of that of `size2` leaves.

    RFC 9162 section 2.1.4.2. A proof from the empty tree says nothing, and is refused.

    Raises:
        ProofInvalid: the proof does not show it.
    """
    _demand(size1 > 0, "nothing follows from the empty tree")
    verify_subtree_consistency(0, size1, root1, size2, root2, path)


def verify_subtree_consistency(
    start: int, end: int, subtree_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the subtree [start, end) with its root is part of the tree of `size` leaves with `root`.

    An empty subtree (start == end) is part of every tree that reaches it; its root is `EMPTY_TREE_HASH`.

    Raises:
        ProofInvalid: the proof does not show it.
    """
    if 0 <= start == end <= size:
        _demand(subtree_root == EMPTY_TREE_HASH and not path, "not the empty subtree")
        return
    _demand(is_subtree(start, end) and end <= size, "no such subtree")
    _demand_hashes(path)
    first, at, last = start, end - 1, size - 1
    # The largest complete subtree at the right edge is known, or is told first: the proof begins above it.
    complete = (first ^ at).bit_length()
    rise = complete if at == last else min(complete, _trailing_ones(at))
    first, at, last = first >> rise, at >> rise, last >> rise
    siblings = iter(path)
    seed = subtree_root if first == at else next(siblings, None)
    if seed is None:
        raise ProofInvalid(why="path too short")
    small, large = seed, seed
    for sibling in siblings:
        _demand(last != 0, "path too long")
        if at & 1 or at == last:
            if first < at:
                small = node_hash(sibling, small)
            large = node_hash(sibling, large)
            rise = _levels_to_the_right_child(at)
        else:
            large = node_hash(large, sibling)
            rise = 1
        first, at, last = first >> rise, at >> rise, last >> rise
    _demand(last == 0, "path too short")
    _demand(small == subtree_root, "another root of the subtree")
    _demand(large == root, "another root of the tree")


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _trailing_ones(number: int) -> int:
    return (~number & (number + 1)).bit_length() - 1


def _levels_to_the_right_child(at: int) -> int:
    """How far a node on the right edge rises, without sibling on the way, until it is past a right child."""
    return (at & -at).bit_length()


def _demand_hashes(hashes: Sequence[bytes]) -> None:
    _demand(all(len(one) == HASH_BYTES for one in hashes), "not a SHA-256 hash")


def _demand(condition: bool, why: str) -> None:  # noqa: FBT001 -- reads as a sentence
    if not condition:
        raise ProofInvalid(why=why)
