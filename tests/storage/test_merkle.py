"""Proofs of the tree: against those of the project transparency-dev/merkle, and against the definition."""

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.merkle import (
    EMPTY_TREE_HASH,
    ProofInvalid,
    consistency_path,
    inclusion_path,
    is_subtree,
    leaf_hash,
    node_hash,
    subtree_consistency_path,
    subtree_hash,
    tree_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(f"entry {number}".encode()) for number in range(count)]


def defined_root(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(defined_root(hashes[:split]), defined_root(hashes[split:]))


class Nodes:
    """The complete subtrees over some leaves; asking for another is an error."""

    def __init__(self, count: int) -> None:
        self.hashes = leaves(count)

    def __call__(self, level: int, index: int) -> bytes:
        start = index << level
        end = start + (1 << level)
        assert end <= len(self.hashes)
        return defined_root(self.hashes[start:end])


sizes = st.integers(min_value=1, max_value=70)


@st.composite
def subtrees(draw: st.DrawFn) -> tuple[int, int, int]:
    size = draw(sizes)
    start = draw(st.integers(min_value=0, max_value=size - 1))
    ends = [end for end in range(start + 1, size + 1) if is_subtree(start, end)]
    return start, draw(st.sampled_from(ends)), size


def _decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _check(kind: str, case: dict[str, object], proof: list[bytes]) -> None:
    def number(key: str) -> int:
        value = case[key]
        assert isinstance(value, int)
        return value

    def value(key: str) -> bytes:
        text = case[key]
        assert isinstance(text, str)
        return _decoded(text)

    if kind == "inclusion":
        verify_inclusion(value("leafHash"), number("leafIdx"), number("treeSize"), proof, value("root"))
    elif kind == "consistency":
        verify_consistency(number("size1"), value("root1"), number("size2"), value("root2"), proof)
    elif kind == "subtreeinclusion":
        place = number("leafIdx"), number("start"), number("end")
        verify_subtree_inclusion(value("leafHash"), *place, proof, value("root"))
    else:
        subtree = number("start"), number("end"), value("root1")
        verify_subtree_consistency(*subtree, number("size"), value("root2"), proof)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("kind", "files"),
    [("inclusion", 98), ("consistency", 98), ("subtreeinclusion", 204), ("subtreeconsistency", 118)],
)
def test_accepts_and_refuses_exactly_as_the_public_project_says(shared_data: Path, kind: str, files: int) -> None:
    disagreements = []
    seen = 0
    for file in sorted((shared_data / "merkle" / kind).rglob("*.json")):
        case = json.loads(file.read_bytes())
        try:
            _check(kind, case, [_decoded(text) for text in case["proof"] or []])
            refused = False
        except ProofInvalid:
            refused = True
        seen += 1
        if refused != case["wantErr"]:
            disagreements.append(file.name)
    assert not disagreements
    assert seen == files


def test_leaf_and_node_hashes_are_of_different_domains() -> None:
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()


@pytest.mark.parametrize("count", range(40))
def test_root_is_the_one_of_the_definition(count: int) -> None:
    assert tree_hash(leaves(count)) == defined_root(leaves(count))


@given(subtrees())
def test_subtree_hash_needs_only_complete_subtrees(subtree: tuple[int, int, int]) -> None:
    start, end, size = subtree
    assert subtree_hash(Nodes(size), start, end) == tree_hash(leaves(size)[start:end])


@given(sizes, st.data())
def test_every_leaf_is_provable_and_no_other_fits_its_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    root = tree_hash(leaves(size))
    path = inclusion_path(Nodes(size), index, size)
    verify_inclusion(leaves(size)[index], index, size, path, root)
    for other in {0, index - 1, index + 1, size - 1} - {index}:
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaves(size)[index], other, size, path, root)
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf_hash(b"another"), index, size, path, root)


@given(subtrees(), st.data())
def test_leaf_of_a_subtree_is_provable(subtree: tuple[int, int, int], data: st.DataObject) -> None:
    start, end, size = subtree
    index = data.draw(st.integers(min_value=start, max_value=end - 1))
    hashes = leaves(size)
    path = inclusion_path(lambda level, at: Nodes(size)(level, at + (start >> level)), index - start, end - start)
    verify_subtree_inclusion(hashes[index], index, start, end, path, tree_hash(hashes[start:end]))


@given(subtrees(), st.data())
def test_every_subtree_is_provable_and_a_changed_one_is_not(subtree: tuple[int, int, int], data: st.DataObject) -> None:
    start, end, size = subtree
    hashes = leaves(size)
    path = subtree_consistency_path(Nodes(size), start, end, size)
    root = tree_hash(hashes)
    verify_subtree_consistency(start, end, tree_hash(hashes[start:end]), size, root, path)
    changed = data.draw(st.integers(min_value=start, max_value=end - 1))
    hashes[changed] = leaf_hash(b"rewritten")
    with pytest.raises(ProofInvalid):
        verify_subtree_consistency(start, end, tree_hash(hashes[start:end]), size, root, path)


@given(sizes, st.data())
def test_growth_is_provable_and_a_rewritten_past_is_not(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(min_value=1, max_value=size))
    path = consistency_path(Nodes(size), before, size)
    past = leaves(before)
    root = tree_hash(leaves(size))
    verify_consistency(before, tree_hash(past), size, root, path)
    for spoiled in ([*path, b"x" * 32], path[:-1], path[::-1]):
        if spoiled != path:
            with pytest.raises(ProofInvalid):
                verify_consistency(before, tree_hash(past), size, root, spoiled)
    past[data.draw(st.integers(min_value=0, max_value=before - 1))] = leaf_hash(b"rewritten")
    with pytest.raises(ProofInvalid):
        verify_consistency(before, tree_hash(past), size, root, path)


def test_nothing_is_proved_from_the_empty_tree() -> None:
    with pytest.raises(ProofInvalid):
        verify_consistency(0, EMPTY_TREE_HASH, 3, tree_hash(leaves(3)), [])


def test_hash_of_another_length_is_refused() -> None:
    left, right = leaves(2)
    with pytest.raises(ProofInvalid):
        verify_inclusion(left[:-1], 0, 2, [left[-1:] + right], node_hash(left, right))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_path_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_path(Nodes(3), index, size)


@pytest.mark.parametrize(("start", "end", "size"), [(1, 3, 8), (0, 9, 8), (2, 2, 8)])
def test_no_path_for_what_is_not_a_subtree(start: int, end: int, size: int) -> None:
    with pytest.raises(ValueError, match="not a subtree"):
        subtree_consistency_path(Nodes(8), start, end, size)
