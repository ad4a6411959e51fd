"""The grant file, put together: proofs from the ledger, heads from the sealed files, machine parts from the keyring."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from access.continuation import continued_at
from access.grants.custodians import CustodianSets
from access.grants.releasing import Released
from access.grants.sealed import Scope, SealDiffers, SealedFile, claims_for
from access.grants.store import GrantStore
from access.ports import LedgerPort
from access.reading import checked_of
from access.release import handed_out
from nvr.base.errors import Refused
from nvr.base.ids import GrantId
from storage.keyring import KeyRef, KeyringReader, KeyShredded, Lookup
from storage.ledger.entries import Salted, decode
from storage.ledger.machine import Release
from storage.register import tables
from storage.register.register import Register
from storage.vault.answer import Answer, AnswerKind
from storage.vault.grantfile import ConsistencyProof, GrantedSegment, GrantFile, Proved
from storage.vault.hpke import KeyPair
from storage.vault.keyrecord import Wrap
from storage.vault.seats import CustodianSet


@dataclass(frozen=True, slots=True)
class Contents:
    """What a grant file is made from; the indices are those of the grant's entries."""

    grant_index: int
    release_indices: Sequence[int]
    scope: Scope
    custodians: CustodianSet
    answers: tuple[Answer, ...]
    from_sizes: Collection[int]
    checkpoint: str
    """The signed note against which everything is proven."""
    continued: Sequence[int]
    """The entries `continue` of the ledger."""
    checked: Salted | None
    """How the validator checked; None once it is erased."""


async def build_grant_file(
    ledger: LedgerPort, keyring: KeyringReader, machine: KeyPair, contents: Contents
) -> GrantFile:
    """What goes out to the custodians of one set: all proofs against one checkpoint.

    Raises:
        SealDiffers: a segment has no key record, or another than its seal entry says.
        KeyShredded, KeyringUnreachable: the keyring does not give it.
        Retryable: the keeper does not answer.
    """
    size = _size_of(contents.checkpoint)
    proved = [await _proved(ledger, index, size) for index in (contents.grant_index, *contents.release_indices)]
    consistency = [
        ConsistencyProof(from_size, (await ledger.consistency(from_size, size)).path)
        for from_size in sorted(contents.from_sizes)
        if 0 < from_size < size
    ]
    continued = [await _proved(ledger, index, size) for index in contents.continued if index < size]
    releases = [decode(each.entry).body for each in proved[1:]]
    released = {segment for body in releases if isinstance(body, Release) for segment in body.segs}
    segments, wraps = await asyncio.to_thread(
        _open_keyring, keyring, machine, contents.scope, released, contents.custodians, sha256(proved[0].entry).digest()
    )
    return GrantFile(
        grant=proved[0],
        releases=tuple(proved[1:]),
        checkpoint=contents.checkpoint,
        consistency=tuple(consistency),
        continued=tuple(continued),
        custodians=contents.custodians,
        segments=segments,
        machine=wraps,
        answers=contents.answers,
        checked=contents.checked,
    )


class SeveralSets(Refused):
    """The footage was sealed under more than one custodian set: one file can not be for all of them."""

    message_id = "several-sets"


class GrantFiles:
    """Makes the grant files of grants that are in the register."""

    def __init__(
        self,
        register: Register,
        ledger: LedgerPort,
        keyring: KeyringReader,
        machine: KeyPair,
        store: GrantStore,
        sets: CustodianSets,
    ) -> None:
        self._register = register
        self._ledger = ledger
        self._keyring = keyring
        self._machine = machine
        self._store = store
        self._sets = sets

    async def checkpoint(self, wanted: Iterable[tuple[tables.Grant, Released]]) -> str:
        """A signed note that covers the entries of all of these. Raises Retryable."""
        newest = max(max(row.grant_index, *_indices(released)) for row, released in wanted)
        return (await self._ledger.proof(newest)).checkpoint

    async def make(
        self, row: tables.Grant, released: Released, set_hash: str, checkpoint: str, from_sizes: Collection[int]
    ) -> GrantFile:
        """The file for the custodians of this set, with the answers that came so far.

        `from_sizes` are checkpoint sizes that custodians' tools saw last, where access does not know them.

        Raises:
            SetUnknown, SealDiffers, KeyShredded, KeyringUnreachable: it can not be made.
            Retryable: the keeper does not answer.
        """
        answers = await asyncio.to_thread(self._store.answers, GrantId(row.grant), set_hash)
        seen = await asyncio.to_thread(self._store.seen)
        contents = Contents(
            grant_index=row.grant_index,
            release_indices=released.indices[set_hash],
            scope=released.by_set[set_hash],
            custodians=await asyncio.to_thread(self._sets.find, bytes.fromhex(set_hash)),
            answers=tuple(answer for answer in answers if answer.kind is AnswerKind.SHARES),
            from_sizes={*from_sizes, *seen.values()},
            checkpoint=checkpoint,
            continued=await self._register.read(continued_at),
            checked=await self._register.read(lambda session: checked_of(session, row)),
        )
        return await build_grant_file(self._ledger, self._keyring, self._machine, contents)


def _indices(released: Released) -> list[int]:
    return [index for indices in released.indices.values() for index in indices]


def _open_keyring(
    keyring: KeyringReader,
    machine: KeyPair,
    scope: Scope,
    released: Collection[str],
    custodians: CustodianSet,
    grant_hash: bytes,
) -> tuple[tuple[GrantedSegment, ...], tuple[Wrap, ...]]:
    found = keyring.find_all(KeyRef(file.segment, file.header.start_utc_us, file.header.shard) for file in scope.files)
    segments = tuple(_granted(found, file, scope.granted[file.segment]) for file in scope.files)
    records = [segment.key_record for segment in segments]
    wraps = handed_out(
        machine,
        records,
        released={record.segment for record in records if record.segment in released},
        custodians=custodians,
        grant_hash=grant_hash,
    )
    return segments, wraps


def _granted(found: Lookup, file: SealedFile, seqs: Sequence[int]) -> GrantedSegment:
    if file.segment in found.shredded:
        raise KeyShredded(segment=file.segment)
    record = found.records.get(file.segment)
    if record is None:
        raise SealDiffers(file=file.name, what="no key record")
    if file.key_record is not None and record.sha256 != file.key_record:
        raise SealDiffers(file=file.name, what="key record")
    return GrantedSegment(file.header, file.commit, record, claims_for(file, seqs))


async def _proved(ledger: LedgerPort, index: int, size: int) -> Proved:
    proof = await ledger.proof(index, size)
    return Proved(await ledger.entry(index), index, proof.path)


def _size_of(note: str) -> int:
    # The second line of a checkpoint (C2SP tlog-checkpoint); the custodian's tool checks its signature.
    return int(note.split("\n", 2)[1])
