"""The grant file, put together: proofs from the ledger, heads from the sealed files, machine parts from the keyring."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from access.grants.sealed import Scope, SealDiffers, SealedFile, claims_for
from access.ports import LedgerPort
from access.release import handed_out
from storage.keyring import KeyRef, KeyringReader, KeyShredded, Lookup
from storage.ledger.entries import Salted, decode
from storage.ledger.machine import Release
from storage.vault.answer import Answer
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
    continued: Sequence[int]
    """The entries `continue` of the ledger."""
    checked: Salted | None
    """How the validator checked; None once it is erased."""


async def build_grant_file(
    ledger: LedgerPort, keyring: KeyringReader, machine: KeyPair, contents: Contents
) -> GrantFile:
    """What goes out to the custodians: all proofs against one checkpoint.

    Raises:
        SealDiffers: a segment has no key record, or another than its seal entry says.
        KeyShredded, KeyringUnreachable: the keyring does not give it.
        Retryable: the keeper does not answer.
    """
    newest = await ledger.proof(max(contents.grant_index, *contents.release_indices))
    size = _size_of(newest.checkpoint)
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
        checkpoint=newest.checkpoint,
        consistency=tuple(consistency),
        continued=tuple(continued),
        custodians=contents.custodians,
        segments=segments,
        machine=wraps,
        answers=contents.answers,
        checked=contents.checked,
    )


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
