"""What a custodian's tool checks before it uses a share: no proof, no key (docs/design/keys.md "Opening").

Pure: the file, what the tool has pinned, and the time. Failure raises; there is no answer that could be ignored.
"""

from base64 import b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_SECOND
from storage.ledger.continued import declares
from storage.ledger.entries import decode
from storage.ledger.machine import Release
from storage.ledger.note import Checkpoint, NoteInvalid, open_checkpoint
from storage.ledger.people import Continue, Grant
from storage.merkle import ProofInvalid, leaf_hash, verify_consistency, verify_inclusion
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.scope import SegmentHeads, segments_in_scope
from storage.vault.grantfile import GrantedSegment, GrantFile, Proved
from storage.vault.hpke import PublicKey
from storage.vault.seats import WitnessPolicy

SEAM_US: Final = US_PER_SECOND
"""How far the last record of a segment may end from the start of the segment that goes on with it."""


class GrantUnproven(EvidenceAtRisk):
    """The grant file does not prove what it asks for; `what` says which rule it breaks."""

    message_id = "grant-unproven"


class LedgerContinued(Refused):
    """What the tool saw last lies in a span that a restore lost, as somebody declared: the custodian has to say so."""

    message_id = "ledger-continued"


class GrantOver(Refused):
    """The grant is no longer valid."""

    message_id = "grant-over"


@dataclass(frozen=True, slots=True)
class Pins:
    """What the tool knows beforehand, from elsewhere than the server that sends the file.

    `last` is the checkpoint that this tool saw last, None the first time. `sets` are the hashes of the custodian sets
    that this custodian took part in. `witness` raises NoteInvalid unless the note is cosigned by the pinned witness.
    """

    log_public: Ed25519PublicKey
    origin: str
    sets: Collection[bytes]
    last: Checkpoint | None = None
    witness: Callable[[str], None] | None = None
    continued: bool = False
    """The custodian was told, by somebody else than who sends the file, that the ledger was restored."""


@dataclass(frozen=True, slots=True)
class VerifiedGrant:
    """A grant file that holds; `records` are the `seq` that may be opened of each segment."""

    file: GrantFile
    grant: Grant
    release_public: PublicKey
    checkpoint: Checkpoint
    cosigned: bool
    records: Mapping[SegmentId, Collection[int]]

    @property
    def checked(self) -> str | None:
        """How the validator checked the request, as the grant entry commits to it; None once it is erased."""
        return None if self.file.checked is None else self.file.checked.value


def verify_grant_file(file: GrantFile, pins: Pins, *, now_utc_us: int) -> VerifiedGrant:
    """Check the whole file.

    1. The custodian set is one that the custodian took part in, of the pinned system.
    2. The checkpoint is signed by the pinned log, and cosigned as the set's witness policy asks.
    3. It is the continuation of the checkpoint that the tool saw last, or that lies in a span of which a proven entry
       says that a restore lost it, and the custodian was told.
    4. The grant and the releases are in the log, and are what they are said to be; the grant is still valid, and what
       is told of the validator's check is what it commits to.
    5. Every segment is released, of a granted camera, and belongs with its key record to the set.
    6. Every record lies within the granted time, or is needed to decode one that does.
    7. Every answer of another seat is that seat's.

    Raises:
        GrantOver: the grant's validity ended.
        LedgerContinued: a restore lost what the tool saw last, and the custodian has not said that he was told.
        GrantUnproven, NoteInvalid, ProofInvalid, EntryInvalid, AnswerInvalid: a step fails.
    """
    # 1
    custodians = file.custodians
    _demand(custodians.hash in pins.sets and custodians.origin == pins.origin, "custodian set")
    # 2
    checkpoint = open_checkpoint(file.checkpoint, pins.log_public)
    _demand(checkpoint.origin == pins.origin, "checkpoint of another log")
    cosigned = _is_cosigned(file, pins)
    # 3
    if pins.last is not None and (declared := _declared_lost(file, pins.last, checkpoint, pins)) is not None:
        if not pins.continued:
            raise declared
    else:
        _check_continuation(file, pins.last, checkpoint)
    # 4
    grant = _grant(file.grant, checkpoint)
    if grant.valid_until_utc_us <= now_utc_us:
        raise GrantOver(grant=grant.grant, valid_until_utc_us=grant.valid_until_utc_us)
    _demand(file.checked is None or file.checked.commitment == grant.checked, "check of the validator")
    released = {segment for proved in file.releases for segment in _release(proved, checkpoint, grant, custodians.hash)}
    # 5
    for segment in file.segments:
        _check_segment(segment, file, grant, released)
    # 6
    records = _check_scope(file.segments, grant)
    # 7
    for answer in file.answers:
        answer.check(custodians, file.grant_hash)
    return VerifiedGrant(file, grant, PublicKey(b64decode(grant.release_public)), checkpoint, cosigned, records)


def _is_cosigned(file: GrantFile, pins: Pins) -> bool:
    policy = file.custodians.witness
    _demand(policy is not WitnessPolicy.REQUIRED or pins.witness is not None, "no witness is pinned")
    if pins.witness is None:
        return False
    try:
        pins.witness(file.checkpoint)
    except NoteInvalid:
        if policy is WitnessPolicy.REQUIRED:
            raise
        return False
    return True


def _check_continuation(file: GrantFile, last: Checkpoint | None, checkpoint: Checkpoint) -> None:
    if last is None:
        return
    if last.size == checkpoint.size:
        _demand(last.root == checkpoint.root, "another log than the tool saw last")
        return
    path = next((proof.path for proof in file.consistency if proof.from_size == last.size), None)
    if path is None or last.size > checkpoint.size:
        raise GrantUnproven(what="no proof from the checkpoint that the tool saw last", size=last.size)
    verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, path)


def _declared_lost(file: GrantFile, last: Checkpoint, checkpoint: Checkpoint, pins: Pins) -> LedgerContinued | None:
    """What was declared of the span in which the checkpoint lies that the tool saw last; None: it lies in none.

    A tree that contains it needs no declaration, and none that lies beyond what was declared is covered by it.
    """
    if _contains(file, last, checkpoint):
        return None
    for proved in file.continued:
        verify_inclusion(leaf_hash(proved.entry), proved.index, checkpoint.size, proved.path, checkpoint.root)
        entry = decode(proved.entry)
        body = entry.body
        if not isinstance(body, Continue) or proved.index != body.size:
            raise GrantUnproven(what="the entry continues no log")
        if declares(body, last, pins.log_public):
            return LedgerContinued(by=entry.actor.id, at_utc_us=entry.ts_utc_us, size=body.size, seen=last.size)
    return None


def _contains(file: GrantFile, last: Checkpoint, checkpoint: Checkpoint) -> bool:
    try:
        _check_continuation(file, last, checkpoint)
    except (GrantUnproven, ProofInvalid):
        return False
    return True


def _grant(proved: Proved, checkpoint: Checkpoint) -> Grant:
    verify_inclusion(leaf_hash(proved.entry), proved.index, checkpoint.size, proved.path, checkpoint.root)
    body = decode(proved.entry).body
    if not isinstance(body, Grant):
        raise GrantUnproven(what="the entry is no grant")
    return body


def _release(proved: Proved, checkpoint: Checkpoint, grant: Grant, set_hash: bytes) -> tuple[str, ...]:
    verify_inclusion(leaf_hash(proved.entry), proved.index, checkpoint.size, proved.path, checkpoint.root)
    body = decode(proved.entry).body
    if not isinstance(body, Release) or body.grant != grant.grant or body.set != set_hash.hex():
        raise GrantUnproven(what="the entry is no release of this grant")
    return body.segs


def _check_segment(segment: GrantedSegment, file: GrantFile, grant: Grant, released: Collection[str]) -> None:
    header, record, custodians = segment.header, segment.key_record, file.custodians
    _demand(header.segment in released, "a segment is not released", header.segment)
    _demand(header.camera in grant.cameras, "a camera is not granted", header.segment)
    _demand(header.origin == custodians.origin, "a segment of another system", header.segment)
    _demand(header.set_hash == record.set_hash == custodians.hash, "a segment of another set", header.segment)
    same = (record.segment, record.hh, record.m, record.n)
    _demand(same == (header.segment, header.hh, custodians.m, custodians.n), "key record", header.segment)


def _check_scope(segments: Sequence[GrantedSegment], grant: Grant) -> dict[SegmentId, list[int]]:
    """The granted records of each segment.

    The heads are those of an unbroken run of records (without the init record): if one could be left out, a random
    access point could be hidden, and more be granted than decoding needs. A segment that is granted for the sake of
    the next must be listed up to the seam between them.
    """
    heads = {segment.segment: [claim.head for claim in segment.records] for segment in segments}
    _demand(len(heads) == len(segments), "a segment twice")
    for name, listed in heads.items():
        run = [head.seq for head in listed if head.type is not RecordType.INIT]
        _demand(bool(run) and run == list(range(run[0], run[0] + len(run))), "records are left out", name)
        _demand([head.seq for head in listed if head.type is RecordType.INIT] == [0], "init record", name)
    known = [
        SegmentHeads(each.segment, each.header.start_utc_us, _joined(each, segments, heads), heads[each.segment])
        for each in segments
    ]
    granted = segments_in_scope(known, grant.from_utc_us, grant.to_utc_us)
    for name, listed in heads.items():
        gops = {head.seq for head in listed if head.type is RecordType.GOP}
        _demand(gops <= set(granted.get(name, ())), "records outside the grant", name)
    return granted


def _joined(
    each: GrantedSegment, segments: Sequence[GrantedSegment], heads: Mapping[SegmentId, Sequence[RecordHead]]
) -> SegmentId | None:
    """The segment that this one continues, if both are listed up to their seam, of one run of one camera."""
    name = each.header.continues
    if next(head.seq for head in heads[each.segment] if head.type is not RecordType.INIT) != 1:
        return None
    before = next((one for one in segments if one.segment == name), None)
    if before is None or before.header.camera != each.header.camera or before.header.run != each.header.run:
        return None
    seam_us = each.header.start_utc_us - max(head.end_utc_us for head in heads[before.segment])
    return name if abs(seam_us) <= SEAM_US else None


def _demand(condition: bool, what: str, segment: str | None = None) -> None:  # noqa: FBT001 -- reads as a sentence
    if not condition:
        raise GrantUnproven(what=what, segment=segment)
