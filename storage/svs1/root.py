"""The root of a tree that grows: kept in O(log n), so that a heartbeat can name it at any record."""

from storage.merkle import EMPTY_TREE_HASH, leaf_hash, node_hash


class GrowingRoot:
    """Takes leaves one after the other; `root()` is at any moment the RFC 6962 root over those taken.

    Keeps the roots of the complete subtrees, largest first, as a binary counter does.
    """

    def __init__(self) -> None:
        self._count = 0
        self._complete: list[bytes] = []

    @property
    def count(self) -> int:
        """Leaves taken."""
        return self._count

    def append(self, leaf: bytes) -> None:
        """Take one more leaf (its bytes, not its hash)."""
        node = leaf_hash(leaf)
        carry = self._count
        while carry & 1:
            node = node_hash(self._complete.pop(), node)
            carry >>= 1
        self._complete.append(node)
        self._count += 1

    def root(self) -> bytes:
        """The root over the leaves taken so far."""
        if not self._complete:
            return EMPTY_TREE_HASH
        root = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            root = node_hash(left, root)
        return root
