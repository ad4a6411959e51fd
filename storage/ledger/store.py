"""The ledger's one writer: appends groups of entries, keeps the tree's right edge, signs checkpoints.

A node is stored for every complete subtree, so that a root or a proof reads a few dozen rows, whatever the size.
"""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.errors import ConfigError, Refused
from nvr.base.units import UtcUs
from storage.durable import create_file, make_directory
from storage.ledger.entries import Entry, build, encode
from storage.ledger.machine import Body, Log
from storage.ledger.note import Checkpoint, open_checkpoint, sign_checkpoint
from storage.ledger.reader import DATABASE_NAME, LedgerDamaged, LedgerReader
from storage.ledger.tables import create_database
from storage.merkle import EMPTY_TREE_HASH, leaf_hash, node_hash

KEY_NAME: Final = "log.key"
KEY_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry ready to be appended: its bytes, and what makes it unique."""

    data: bytes
    type: str
    act: str | None
    spool: tuple[str, int, int] | None
    """Boot, shard, n."""

    @classmethod
    def of(cls, entry: Entry[Body]) -> Self:
        """The leaf of this entry. Raises InvalidValue: it is longer than an entry may be."""
        spool = entry.spool
        origin = None if spool is None else (spool.boot, spool.shard, spool.n)
        return cls(data=encode(entry), type=entry.t, act=entry.act, spool=origin)


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an entry stands, and its stored bytes: those of the first time, when it was appended before."""

    index: int
    leaf: bytes


class LedgerExists(Refused):
    """There is a ledger already; one is never made over another."""

    message_id = "ledger-exists"


def create_ledger(directory: Path, origin: str, now_utc_us: UtcUs, *, previous: str | None = None) -> None:
    """Make a new ledger with a new key; its first entry, `log`, tells origin and public key.

    `previous` is the last checkpoint of the log that it continues (a restore, or a new year). A creation that a
    crash cut short is completed.

    Raises:
        LedgerExists: there are entries already.
    """
    make_directory(directory)
    if not (directory / KEY_NAME).exists():
        create_file(directory / KEY_NAME, Ed25519PrivateKey.generate().private_bytes_raw(), KEY_MODE)
    create_database(directory / DATABASE_NAME)
    ledger = Ledger(directory, origin)
    try:
        if ledger.size():
            raise LedgerExists(directory=str(directory))
        public = base64.b64encode(ledger.public_key_raw).decode("ascii")
        body = Log(origin=origin, public=public, previous=previous)
        ledger.append_groups([[Leaf.of(build(body, ts_utc_us=now_utc_us))]])
        ledger.sign()
    finally:
        ledger.close()


def read_log_key(directory: Path) -> Ed25519PrivateKey:
    """The key that signs this ledger's checkpoints.

    Raises:
        ConfigError: there is none, or it is not a seed of 32 bytes.
    """
    path = directory / KEY_NAME
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(file=str(path), why="there is no ledger here: `nvr-admin init` makes one") from error
    except ValueError as error:
        raise ConfigError(file=str(path), why="not an Ed25519 seed of 32 bytes") from error


class Ledger(LedgerReader):
    """The writer; one in all processes, one thread at a time.

    Opening it checks the right edge: the last checkpoint's signature and root, and all that was appended since.
    """

    def __init__(self, directory: Path, origin: str) -> None:
        """Open the ledger of this directory.

        Raises:
            ConfigError: there is no key.
            LedgerUnavailable: there is no database.
            LedgerDamaged, NoteInvalid: it is not what was signed.
        """
        self.origin = origin
        self._key = read_log_key(directory)
        super().__init__(directory / DATABASE_NAME, read_only=False)
        try:
            self._check_right_edge()
            self._edge = self._stored_edge()
        except BaseException:
            self.close()
            raise

    @property
    def public_key_raw(self) -> bytes:
        """The 32 bytes that verify this ledger's checkpoints."""
        return self._key.public_key().public_bytes_raw()

    def append_groups(self, groups: Sequence[Sequence[Leaf]]) -> list[list[Appended]]:
        """Append every group, in one transaction that is durable when this returns.

        An act or spooled event that is there already is answered with what is there. A checkpoint is signed in the
        same transaction when an act of a person came in.

        Raises:
            LedgerUnavailable: the database refused; none of the groups was appended.
        """
        edge = _Edge(self._edge.size, list(self._edge.hashes))
        with self._transaction():
            answers = [[self._append(edge, leaf) for leaf in group] for group in groups]
            new_acts = (
                answer.index >= self._edge.size and leaf.act is not None
                for group, answered in zip(groups, answers, strict=True)
                for leaf, answer in zip(group, answered, strict=True)
            )
            if any(new_acts):
                self._sign(edge)
        self._edge = edge
        return answers

    def sign(self) -> str:
        """The checkpoint of all entries, signed and stored now unless it was before."""
        known = self.checkpoint(self._edge.size)
        if known is not None:
            return known
        with self._transaction():
            return self._sign(self._edge)

    def _append(self, edge: "_Edge", leaf: Leaf) -> Appended:
        known = self._find(leaf)
        if known is not None:
            return Appended(known, self.entry(known))
        index = edge.size
        boot, shard, n = leaf.spool or (None, None, None)
        digest = leaf_hash(leaf.data)
        self._connection.execute(
            "INSERT INTO entry (idx, leaf, hash, type, act, boot, shard, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (index, leaf.data, digest, leaf.type, leaf.act, boot, shard, n),
        )
        nodes = edge.add(digest)
        if nodes:
            self._connection.executemany("INSERT INTO node (level, idx, hash) VALUES (?, ?, ?)", nodes)
        return Appended(index, leaf.data)

    def _find(self, leaf: Leaf) -> int | None:
        if leaf.act is not None:
            return self.find_act(leaf.act)
        if leaf.spool is not None:
            row = self._row("SELECT idx FROM entry WHERE boot = ? AND shard = ? AND n = ?", *leaf.spool)
            return None if row is None else int(row[0])
        return None

    def _sign(self, edge: "_Edge") -> str:
        note = sign_checkpoint(Checkpoint(self.origin, edge.size, edge.root()), self._key)
        self._connection.execute("INSERT INTO checkpoint (size, note) VALUES (?, ?)", (edge.size, note))
        return note

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors_translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # A failed COMMIT may have ended the transaction by itself; what is then there is read again.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._edge = self._stored_edge()
                raise

    def _check_right_edge(self) -> None:
        note = self.checkpoint()
        if note is None:
            if self.size() > 1:
                raise LedgerDamaged(why="entries without any checkpoint")
            return
        signed = open_checkpoint(note, self._key.public_key())
        self.verify(self._key.public_key(), after=signed.size)
        if signed.origin != self.origin:
            raise ConfigError(file=str(self._path), key="origin", why=f"this is the ledger of {signed.origin}")

    def _stored_edge(self) -> "_Edge":
        size = self.size()
        hashes = []
        start = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                hashes.append(self._node(level, start >> level))
                start += 1 << level
        return _Edge(size, hashes)


class _Edge:
    """The roots of the complete subtrees of which a tree of this size is made, from the left."""

    def __init__(self, size: int, hashes: list[bytes]) -> None:
        self.size = size
        self.hashes = hashes

    def add(self, digest: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; the nodes (level, index, hash) that it completes."""
        nodes = []
        level, index = 0, self.size
        while index & 1:
            digest = node_hash(self.hashes.pop(), digest)
            level, index = level + 1, index >> 1
            nodes.append((level, index, digest))
        self.hashes.append(digest)
        self.size += 1
        return nodes

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_TREE_HASH
        root = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            root = node_hash(left, root)
        return root
