"""The only door: machine parts out for a logged release, and granted records in clear, to the opener, while valid.

Nothing else imports `storage.vault.unseal`. Bytes of other records, of another time, or for another person can not be
had here: the keys are not in the answer (docs/design/keys.md "Opening").
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from access.grants.facts import GrantFacts, facts_of
from access.grants.sealed import KEYS_MISSING, Scope, SealedFile, collect_released
from access.grants.store import GrantStore, GrantWiped
from access.permits import Permit, Permits
from access.policy import ActName, Denied, Person, demand
from access.ports import IndexPort, LedgerPort
from access.reading import about_requisition, grant_row, requisition_row
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import CameraId, GrantId, SegmentId
from nvr.base.units import UtcUs
from storage.records import CodecConfig
from storage.register.register import Register
from storage.svs1.contexts import front_path
from storage.svs1.layout import RecordHead, RecordType, SegmentDamaged
from storage.svs1.opening import codec_config, decrypt, packets
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import SealedRecord
from storage.vault import unseal
from storage.vault.answer import Answer, AnswerKind
from storage.vault.hpke import KeyPair
from storage.vault.keyrecord import KeyRecord, Wrap
from storage.vault.seats import CustodianSet

RecordKeys = dict[SegmentId, dict[int, bytes]]

_INIT: Final = 0
"""The `seq` of the init record (docs/design/svs1.md)."""

_log: Final = logging.getLogger(__name__)


class RecordDamaged(EvidenceAtRisk):
    """A granted record is not what was sealed; `file`, `seq`, and `why`."""

    message_id = "record-damaged"


@dataclass(frozen=True, slots=True)
class ReleasedSegment:
    """A sealed segment of the grant. `inner` holds the inner root of every record, granted or not."""

    segment: SegmentId
    camera: CameraId
    header: dict[str, Any]
    header_json: bytes
    commit: bytes
    codec: CodecConfig
    inner: Sequence[bytes]
    root: bytes
    seal_index: int


@dataclass(frozen=True, slots=True)
class ReleasedRecord:
    """A granted record in clear. `packets` are the access units in decode order with their `pts_90k`.

    `slices` are the lengths of the ciphertext slices; `table` is the packet table as it was sealed, and for
    init and side records, which have no packets, their whole content.
    """

    segment: SegmentId
    seq: int
    head: RecordHead
    rkc: bytes
    key: bytes = field(repr=False)
    slices: Sequence[int]
    tag: bytes
    table: bytes = field(repr=False)
    packets: Sequence[tuple[memoryview, int]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleasedFront:
    """What of a record stands in clear on the disk, with the audit path to its inner root."""

    seq: int
    head: RecordHead
    rkc: bytes
    slices: Sequence[int]
    path: Sequence[bytes]


class Release:
    """The granted records of one grant, for its opener. Blocking: used on a thread, by one at a time.

    It asks its permit before each record that it gives. Whoever holds pictures longer than that asks `demand` himself.
    """

    def __init__(self, grant: GrantFacts, scope: Scope, keys: RecordKeys, permit: Permit) -> None:
        self.grant = grant
        self.unreadable = dict(scope.unreadable)
        """Segments that were released and can not be read, or not whole, with why; it grows while they are read."""
        self.whereabouts = dict(scope.whereabouts)
        """What the index says of these, as far as it still knows them."""
        self.missing: dict[SegmentId, set[int]] = {}
        """Of those that can be read, but not whole: the `seq` that can not be had."""
        self._files = {file.segment: file for file in scope.files}
        self._keys = keys
        self._permit = permit
        for file in scope.files:
            if lacking := set(scope.granted[file.segment]) - keys.get(file.segment, {}).keys():
                self._miss(file, KEYS_MISSING, lacking)

    def segments(self, camera: CameraId) -> Sequence[ReleasedSegment]:
        """The camera's segments that hold granted records, in the order of time.

        Raises:
            Denied: it may not be had any more.
        """
        self.demand()
        files = [file for file in self._files.values() if file.header.camera == camera]
        read = []
        for file in files:
            self.demand()
            read.append(self._segment(file))
        return [segment for segment in read if segment is not None]

    def records(self, segment: SegmentId) -> Iterator[ReleasedRecord]:
        """The granted records of a segment in order, the init record first; each is checked before it is given.

        One that is not what was sealed is not given, then or later, and is `missing`; without the init record, none is.

        Raises:
            Denied: it may not be had any more, or this ends while it goes on.
            KeyError: the segment has no granted record.
        """
        self.demand()
        return self._records(self._files[segment])

    def front(self, segment: SegmentId, seq: int) -> ReleasedFront | None:
        """What stands in clear of a record, granted or not, so that its head can be proven.

        None when it is not what was sealed: then it is `missing`, since nobody knows when its pictures are shown.

        Raises:
            Denied: it may not be had any more.
            KeyError: the segment has no granted record.
            RecordDamaged: the whole file is not, or not any more, what was sealed.
        """
        self.demand()
        file = self._files[segment]
        with _opened(file) as reader:
            try:
                record = _sealed_record(file, reader, seq)
            except RecordDamaged as error:
                self._damaged(file, error, seq)
                return None
        path = front_path(record.front, record.slices, record.tag)
        return ReleasedFront(seq, record.head, record.rkc, record.lengths, path)

    def demand(self) -> None:
        """Ask whether anything may still be had; the keys are forgotten when not.

        Raises:
            Denied: the grant was revoked or is over, its requisition closed, or the opener's account ended.
        """
        try:
            self._permit.demand()
        except Denied:
            self.wipe()
            raise

    def wipe(self) -> None:
        """Forget the keys: nothing can be had any more."""
        self._keys.clear()
        self._files.clear()

    def _segment(self, file: SealedFile) -> ReleasedSegment | None:
        try:
            with _opened(file) as reader:
                init = self._open_record(file, reader, _INIT)
        except RecordDamaged as error:
            self._damaged(file, error, _INIT)
            return None
        return ReleasedSegment(
            segment=file.segment,
            camera=file.header.camera,
            header=json.loads(file.header.json_bytes),
            header_json=file.header.json_bytes,
            commit=file.commit,
            codec=codec_config(init.table),
            inner=file.inner,
            root=file.root,
            seal_index=file.at.seal_index,
        )

    def _records(self, file: SealedFile) -> Iterator[ReleasedRecord]:
        seq = _INIT
        try:
            with _opened(file) as reader:
                for seq in sorted(self._keys[file.segment].keys() - self.missing.get(file.segment, set())):
                    self.demand()
                    try:
                        record = self._open_record(file, reader, seq)
                    except RecordDamaged as error:
                        if seq == _INIT:
                            raise
                        self._damaged(file, error, seq)
                    else:
                        yield record
        except RecordDamaged as error:
            self._damaged(file, error, _INIT)

    def _damaged(self, file: SealedFile, error: RecordDamaged, seq: int) -> None:
        _log.error("a record of a grant can not be given: %s", error)
        self._miss(file, error.message_id, {seq})

    def _miss(self, file: SealedFile, why: str, seqs: Collection[int]) -> None:
        """Tell that these records can not be had; without the init record, which says how to decode, nothing can."""
        self.unreadable[file.segment], self.whereabouts[file.segment] = why, file.at
        if _INIT in seqs:
            self._files.pop(file.segment, None)
            self.missing.pop(file.segment, None)
        else:
            self.missing.setdefault(file.segment, set()).update(seqs)

    def _open_record(self, file: SealedFile, reader: SegmentReader, seq: int) -> ReleasedRecord:
        key = self._keys[file.segment][seq]
        record = _sealed_record(file, reader, seq)
        try:
            return _in_clear(file.segment, record, key, decrypt(record, key))
        except EvidenceAtRisk as error:
            raise RecordDamaged(file=file.name, seq=seq, why=error.message_id) from error


class Releases:
    """Opens a grant for its opener: the one place where released keys meet sealed files."""

    def __init__(
        self, register: Register, index: IndexPort, ledger: LedgerPort, store: GrantStore, clock: Clock
    ) -> None:
        self._register = register
        self._index = index
        self._ledger = ledger
        self._store = store
        self._permits = Permits(register, clock)

    async def open(self, grant: GrantId, opener: Person, now_utc_us: UtcUs) -> Release:
        """The granted records, for this person.

        Raises:
            Denied: not validated, not open, over, or granted to somebody else.
            InvalidValue: there is no such grant.
            GrantWiped: its keys are gone.
            AnsweredKeyWrong, WrapInvalid: the stored answer is not what was checked when it came.
        """
        permits = self._permits
        facts, segments, permit = await self._register.read(
            lambda session: _granted_to(session, grant, opener, now_utc_us, permits)
        )
        scope = await collect_released(self._index, self._ledger, segments, facts.from_utc_us, facts.to_utc_us)
        try:
            keys = await asyncio.to_thread(self._keys, grant, scope)
        except GrantWiped:
            permit.demand()  # what ended while files were read is told by its rule
            raise
        return Release(facts, scope, keys, permit)

    def _keys(self, grant: GrantId, scope: Scope) -> RecordKeys:
        pair = self._store.release_key(grant)
        keys: RecordKeys = {}
        for answer in self._store.answers(grant):
            if answer.kind is AnswerKind.KEYS:
                for segment, found in record_keys(answer, pair, scope).items():
                    keys.setdefault(segment, {}).update(found)
        return keys


def handed_out(
    machine: KeyPair,
    records: Iterable[KeyRecord],
    *,
    released: Collection[SegmentId],
    custodians: CustodianSet,
    grant_hash: bytes,
) -> tuple[Wrap, ...]:
    """The machine parts of released segments, wrapped to every key of every seat.

    `released` are the segments that the grant's `release` entries name.

    Raises:
        NotReleased: a segment is not among them; nothing was unwrapped.
        WrapInvalid: a key record is not for this machine, or was altered.
    """
    parts = unseal.machine_parts(machine, records, released=released)
    return unseal.wrap_machine_parts(parts, custodians, grant_hash)


def record_keys(answer: Answer, release: KeyPair, scope: Scope) -> RecordKeys:
    """The keys of granted records that an answer holds, each compared with its record's commitment.

    Raises:
        AnswerInvalid: the answer carries no keys for this release key.
        WrapInvalid: it does not open.
        AnsweredKeyWrong: a key is not its record's.
    """
    return unseal.record_keys(answer, release, scope.files, granted=scope.granted, partial=True)


def used_seats(answer: Answer, release: KeyPair) -> tuple[int, ...]:
    """The seats that the completing tool names beside the keys (`storage.vault.unseal.used_seats`)."""
    return unseal.used_seats(answer, release)


def used_keys(answer: Answer, release: KeyPair) -> dict[int, str]:
    """The keys of these seats that gave the shares (`storage.vault.unseal.used_keys`)."""
    return unseal.used_keys(answer, release)


@contextlib.contextmanager
def _opened(file: SealedFile) -> Iterator[SegmentReader]:
    """The file, from the first of its places that has it."""
    try:
        with _first_of(file) as reader:
            yield reader
    except SegmentDamaged as error:
        raise RecordDamaged(file=file.name, seq=None, why=error.message_id) from error


def _first_of(file: SealedFile) -> SegmentReader:
    *others, last = file.paths
    for path in others:
        try:
            return _reader(file, path)
        except (SegmentDamaged, RecordDamaged) as error:
            _log.error("%s can not be read, its copy serves: %s", path, error)
    return _reader(file, last)


def _reader(file: SealedFile, path: Path) -> SegmentReader:
    reader = SegmentReader(path)
    if reader.root != file.root:
        reader.close()
        raise RecordDamaged(file=file.name, seq=None, why="not the file that the ledger holds")
    return reader


def _sealed_record(file: SealedFile, reader: SegmentReader, seq: int) -> SealedRecord:
    """The record as it stands in the file, or in its copy. Raises RecordDamaged: none has the one that was sealed."""
    try:
        return _record_in(file, reader, seq)
    except RecordDamaged as error:
        for path in file.paths[1:]:
            _log.error("a record is read from the copy: %s", error)
            with contextlib.suppress(SegmentDamaged, RecordDamaged), _reader(file, path) as other:
                return _record_in(file, other, seq)
        raise


def _record_in(file: SealedFile, reader: SegmentReader, seq: int) -> SealedRecord:
    try:
        record = reader.record(seq)
    except SegmentDamaged as error:
        raise RecordDamaged(file=file.name, seq=seq, why=error.message_id) from error
    if record.inner != file.inner[seq]:
        raise RecordDamaged(file=file.name, seq=seq, why="not the record that the ledger holds")
    return record


def _in_clear(segment: SegmentId, record: SealedRecord, key: bytes, plaintext: bytes) -> ReleasedRecord:
    units = packets(record.head, plaintext, record.lengths) if record.head.type is RecordType.GOP else []
    return ReleasedRecord(
        segment=segment,
        seq=record.head.seq,
        head=record.head,
        rkc=record.rkc,
        key=key,
        slices=record.lengths,
        tag=bytes(record.tag),
        table=plaintext[len(plaintext) - record.lengths[-1] :],
        packets=[(unit.data, unit.pts_90k) for unit in units],
    )


def _granted_to(
    session: Session, grant: GrantId, opener: Person, now_utc_us: UtcUs, permits: Permits
) -> tuple[GrantFacts, tuple[SegmentId, ...], Permit]:
    row = grant_row(session, grant)
    about = about_requisition(session, requisition_row(session, row.requisition))
    demand(opener, ActName.EXPORT, about, now_utc_us)
    facts = facts_of(session, row)
    permit = permits.issue(session, opener.account, ActName.EXPORT, facts.requisition, facts.valid_until_utc_us)
    return facts, tuple(SegmentId(segment) for segment in row.segs or ()), permit
