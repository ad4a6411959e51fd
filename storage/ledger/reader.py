"""Reading a ledger: entries, roots, proofs. Works beside the keeper, on a copy, and without the key."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk, InvalidValue
from storage.ledger.note import Checkpoint, ProofFile, open_checkpoint
from storage.ledger.tables import LedgerUnavailable, connect
from storage.merkle import consistency_path, inclusion_path, leaf_hash, node_hash, subtree_hash

DATABASE_NAME: Final = "ledger.db"

_PAGE: Final = 1000


class LedgerDamaged(EvidenceAtRisk):
    """The stored tree is not the one that was signed; field `why` says where they part."""

    message_id = "ledger-damaged"


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of the older size is the beginning of the tree of `checkpoint` (its whole text)."""

    path: tuple[bytes, ...]
    checkpoint: str


class LedgerReader:
    """Reads of one ledger database, by one thread at a time. Every method may raise LedgerUnavailable."""

    def __init__(self, path: Path, *, read_only: bool = True) -> None:
        """Open `ledger.db`. Raises LedgerUnavailable: it is not there, or of another version."""
        self._path = path
        self._connection = connect(path, read_only=read_only)

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def size(self) -> int:
        """How many entries the ledger holds."""
        (size,) = self._row("SELECT coalesce(max(idx) + 1, 0) FROM entry") or (0,)
        return int(size)

    def entry(self, index: int) -> bytes:
        """The bytes of one entry. Raises InvalidValue: there is none, field `index`."""
        row = self._row("SELECT leaf FROM entry WHERE idx = ?", index)
        if row is None:
            raise InvalidValue(field="index", value=index, expected="the index of an entry in the ledger")
        leaf: bytes = row[0]
        return leaf

    def entries(self, first: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` entries from index `first` on, in order."""
        with self._errors_translated():
            query = "SELECT idx, leaf FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?"
            return self._connection.execute(query, (first, limit)).fetchall()

    def find_act(self, act: str) -> int | None:
        """The index of the act, if it is in the ledger."""
        row = self._row("SELECT idx FROM entry WHERE act = ?", act)
        return None if row is None else int(row[0])

    def acts_of_type(self, t: str) -> list[tuple[int, bytes]]:
        """The acts of persons of this type, in order: found among acts, which are few beside what machines tell."""
        with self._errors_translated():
            query = "SELECT idx, leaf FROM entry WHERE act > '' AND type = ? ORDER BY idx"
            return self._connection.execute(query, (t,)).fetchall()

    def last_spooled(self, boot: str, shard: int) -> int | None:
        """The number of the last event of this boot that is in the ledger."""
        row = self._row("SELECT max(n) FROM entry WHERE boot = ? AND shard = ?", boot, shard)
        return None if row is None or row[0] is None else int(row[0])

    def has_spooled(self) -> bool:
        """Whether a recorder has told anything yet."""
        return self._row("SELECT 1 FROM entry WHERE boot > '' LIMIT 1") is not None

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        self._check_size("size", size)
        return subtree_hash(self._node, 0, size)

    def checkpoint(self, size: int | None = None) -> str | None:
        """The signed checkpoint of this size, or the last one; None when it was never signed."""
        if size is None:
            row = self._row("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
        else:
            row = self._row("SELECT note FROM checkpoint WHERE size = ?", size)
        return None if row is None else str(row[0])

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Every signed checkpoint with its size, by size, page by page."""
        after = -1
        query = "SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT ?"
        while True:
            with self._errors_translated():
                page = self._connection.execute(query, (after, _PAGE)).fetchall()
            if not page:
                return
            yield from page
            after = page[-1][0]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path of the entry in the tree of `size` entries. Raises InvalidValue: it is not in it."""
        self._check_size("size", size)
        if not 0 <= index < size:
            raise InvalidValue(field="index", value=index, expected=f"an entry before {size}")
        return inclusion_path(self._node, index, size)

    def consistency(self, from_size: int, to_size: int) -> list[bytes]:
        """The path between two sizes. Raises InvalidValue: not 0 < from_size <= to_size <= size."""
        self._check_size("to_size", to_size)
        if not 0 < from_size <= to_size:
            raise InvalidValue(field="from_size", value=from_size, expected=f"1 to {to_size}")
        return consistency_path(self._node, from_size, to_size)

    def proof(self, index: int, checkpoint: str, size: int) -> ProofFile:
        """The proof that the entry is in the tree of this checkpoint, which has `size` entries."""
        return ProofFile(index=index, path=tuple(self.inclusion(index, size)), checkpoint=checkpoint)

    def verify(self, public_key: Ed25519PublicKey, *, after: int = 0) -> Checkpoint | None:
        """Check the last checkpoint's signature and root, and every entry and node from index `after` on.

        Entries before `after` are taken to be what their stored hashes say. The last checkpoint, or None.

        Raises:
            LedgerDamaged: an entry, a node or the signed root is not what it was.
            NoteInvalid: the checkpoint is not signed by this key.
        """
        size = self.size()
        note = self.checkpoint()
        signed = None if note is None else open_checkpoint(note, public_key)
        if signed is not None:
            if signed.size > size:
                raise LedgerDamaged(why="the ledger is shorter than its checkpoint", size=size, signed=signed.size)
            if self.root(signed.size) != signed.root:
                raise LedgerDamaged(why="another root than the signed one", size=signed.size)
        self._verify_tree(after, size)
        return signed

    def _verify_tree(self, after: int, size: int) -> None:
        first = after
        while first < size:
            page = self.entries(first, _PAGE)
            if [index for index, _ in page] != list(range(first, first + len(page))) or not page:
                raise LedgerDamaged(why="an entry is absent", index=first)
            for index, leaf in page:
                self._verify_entry(index, leaf)
            first += len(page)

    def _verify_entry(self, index: int, leaf: bytes) -> None:
        computed = leaf_hash(leaf)
        if computed != self._node(0, index):
            raise LedgerDamaged(why="an entry is not what was hashed", index=index)
        level, at = 0, index
        while at & 1:
            computed = node_hash(self._node(level, at - 1), computed)
            level, at = level + 1, at >> 1
            if computed != self._node(level, at):
                raise LedgerDamaged(why="a node is not what was hashed", level=level, index=at)

    def _node(self, level: int, index: int) -> bytes:
        if level == 0:
            row = self._row("SELECT hash FROM entry WHERE idx = ?", index)
        else:
            row = self._row("SELECT hash FROM node WHERE level = ? AND idx = ?", level, index)
        if row is None:
            raise LedgerDamaged(why="a node is absent", level=level, index=index)
        digest: bytes = row[0]
        return digest

    def _check_size(self, field: str, size: int) -> None:
        if not 0 <= size <= self.size():
            raise InvalidValue(field=field, value=size, expected="at most the size of the ledger")

    def _row(self, query: str, *values: str | int) -> tuple[Any, ...] | None:
        with self._errors_translated():
            row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
            return row

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerUnavailable(file=str(self._path), why=str(error)) from error
