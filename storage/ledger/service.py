"""The ledger on the event loop: group commit, checkpoints when asked, and reads that never wait for a commit.

Two threads of its own: one writes, one reads, each with its connection. While a transaction is on its way to the
disk, the groups that arrive wait, and go together into the next one: the price of a sync is shared by all of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.clock import Clock
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage.ledger.entries import KEEPER, Actor, Spool, build
from storage.ledger.machine import Body
from storage.ledger.note import ProofFile
from storage.ledger.reader import DATABASE_NAME, ConsistencyProof, LedgerReader
from storage.ledger.store import Appended, Leaf, Ledger

T = TypeVar("T")

MOST_GROUPS: Final = 1000
"""So many groups at most go into one transaction: the answer to the first does not wait for a long queue."""


class NotSigned(Refused):
    """No checkpoint of the asked size was ever signed."""

    message_id = "not-signed"


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the keeper has dated it."""

    body: Body
    actor: Actor = KEEPER
    act: str | None = None
    spool: Spool | None = None


class LedgerService:
    """The one way to the ledger in the keeper; every method runs on the event loop that `start` ran on.

    Errors of `storage.ledger.store.Ledger` pass through.
    """

    def __init__(self, directory: Path, origin: str, clock: Clock) -> None:
        self._directory = directory
        self._origin = origin
        self._clock = clock
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._reader_thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-reader")
        self._ledger: Ledger | None = None
        self._reader: LedgerReader | None = None
        self._waiting: list[tuple[list[Leaf], asyncio.Future[list[Appended]]]] = []
        self._flush: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the ledger and check its right edge. Raises as `Ledger` does."""
        self._ledger = await self._in(self._writer_thread, lambda: Ledger(self._directory, self._origin))
        path = self._directory / DATABASE_NAME
        self._reader = await self._in(self._reader_thread, lambda: LedgerReader(path))

    async def close(self) -> None:
        """Finish what waits and let go of the database."""
        if self._flush is not None:
            await self._flush
        for thread, reader in ((self._writer_thread, self._ledger), (self._reader_thread, self._reader)):
            if reader is not None:
                await self._in(thread, reader.close)
            thread.shutdown(wait=False)

    async def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Append the group, whole or not at all; when this returns, it survives a power cut.

        Raises:
            InvalidValue: an entry is not acceptable; nothing was appended.
            LedgerUnavailable: the database refused; nothing was appended.
        """
        now_utc_us = self._clock.utc_us()
        group = [
            Leaf.of(build(one.body, ts_utc_us=now_utc_us, actor=one.actor, act=one.act, spool=one.spool))
            for one in drafts
        ]
        answer: asyncio.Future[list[Appended]] = asyncio.get_running_loop().create_future()
        self._waiting.append((group, answer))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._write_what_waits(), name="ledger-flush")
        return await answer

    async def checkpoint(self) -> str:
        """The checkpoint of all entries, signed now unless it was before."""
        return await self._write(lambda ledger: ledger.sign())

    async def proof(self, index: int, size: int | None = None) -> ProofFile:
        """The proof of an entry in the tree of that size, or in the last one that was signed and has the entry.

        Raises:
            InvalidValue: there is no such entry, or it is not in a tree of that size.
            NotSigned: there is no checkpoint of that size.
        """
        checkpoint, tree_size = await self._checkpoint_of(size, at_least=index + 1)
        return await self._read(lambda reader: reader.proof(index, checkpoint, tree_size))

    async def consistency(self, from_size: int, to_size: int | None = None) -> ConsistencyProof:
        """The proof from one size to another, or to the last that was signed. Raises as `proof` does."""
        checkpoint, tree_size = await self._checkpoint_of(to_size, at_least=from_size)
        path = await self._read(lambda reader: reader.consistency(from_size, tree_size))
        return ConsistencyProof(path=tuple(path), checkpoint=checkpoint)

    def now_utc_us(self) -> UtcUs:
        """The clock by which entries are dated."""
        return self._clock.utc_us()

    async def size(self) -> int:
        """How many entries the ledger holds."""
        return await self._read(lambda reader: reader.size())

    async def entry(self, index: int) -> bytes:
        """The bytes of an entry. Raises InvalidValue: there is none."""
        return await self._read(lambda reader: reader.entry(index))

    async def entries(self, first: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` entries from index `first` on."""
        return await self._read(lambda reader: reader.entries(first, limit))

    async def find_act(self, act: str) -> int | None:
        """The index of an act, if it is in the ledger."""
        return await self._read(lambda reader: reader.find_act(act))

    async def acts_of_type(self, t: str) -> list[tuple[int, bytes]]:
        """The acts of persons of this type, in order."""
        return await self._read(lambda reader: reader.acts_of_type(t))

    async def root(self, size: int) -> bytes:
        """The root of the first `size` entries. Raises InvalidValue: there are fewer."""
        return await self._read(lambda reader: reader.root(size))

    async def public_key(self) -> Ed25519PublicKey:
        """The key that verifies this ledger's checkpoints."""
        return Ed25519PublicKey.from_public_bytes(await self._write(_public_of))

    async def last_spooled(self, boot: str, shard: int) -> int | None:
        """The number of the last event of this boot that is in the ledger."""
        return await self._read(lambda reader: reader.last_spooled(boot, shard))

    async def last_checkpoint(self) -> str | None:
        """The last checkpoint that was signed."""
        return await self._read(lambda reader: reader.checkpoint())

    async def _checkpoint_of(self, size: int | None, *, at_least: int) -> tuple[str, int]:
        note = await self._read(lambda reader: reader.checkpoint(size))
        if size is not None:
            if note is None:
                raise NotSigned(size=size)
            return note, size
        if note is None or _size_of(note) < at_least:
            note = await self.checkpoint()
        return note, _size_of(note)

    async def _write_what_waits(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_GROUPS], self._waiting[MOST_GROUPS:]
            groups = [group for group, _ in batch]
            try:
                answers = await self._write(lambda ledger, groups=groups: ledger.append_groups(groups))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 -- whoever waits for the group gets it
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), appended in zip(batch, answers, strict=True):
                if not answer.done():
                    answer.set_result(appended)

    async def _write(self, call: Callable[[Ledger], T]) -> T:
        ledger = self._ledger
        if ledger is None:
            raise RuntimeError("the ledger was not started")
        return await self._in(self._writer_thread, lambda: call(ledger))

    async def _read(self, call: Callable[[LedgerReader], T]) -> T:
        reader = self._reader
        if reader is None:
            raise RuntimeError("the ledger was not started")
        return await self._in(self._reader_thread, lambda: call(reader))

    async def _in(self, thread: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, call)


def _public_of(ledger: Ledger) -> bytes:
    return ledger.public_key_raw


def _size_of(note: str) -> int:
    # The ledger's own checkpoint: its signature was made or checked by this process.
    return int(note.split("\n", 2)[1])
