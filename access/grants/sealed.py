"""The sealed files of a grant, each compared with its `seal` entry in the ledger, and which of their records it covers.

No key is used here, and nothing is opened.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from access.ports import IndexPort, LedgerPort, SegmentAt
from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from storage.ledger.entries import decode
from storage.ledger.machine import Seal
from storage.svs1.header import Header
from storage.svs1.layout import HASH_BYTES, HEAD_BYTES, RecordHead, RecordType
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import SegmentFile
from storage.svs1.scope import SegmentHeads, begins_in_previous, records_in_scope, segments_in_scope
from storage.vault.grantfile import RecordClaim

NOT_MOUNTED: Final = "volume-not-mounted"
GONE: Final = "it does not exist any more"
NOTHING_GRANTED: Final = "no record in the interval"
OTHER_SET: Final = "sealed under another custodian set"
KEYS_MISSING: Final = "keys are missing"
"""Why nothing, or not everything, can be had of a segment; else it is the message id of an error."""

_log: Final = logging.getLogger(__name__)


class SealDiffers(EvidenceAtRisk):
    """A sealed file is not what its `seal` entry says; `file`, and `what` differs."""

    message_id = "seal-differs"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file whose root is the one in the ledger; `key_record` is the hash of its key record there.

    `paths` are its places, that from which it was read first.
    """

    at: SegmentAt
    paths: tuple[Path, ...]
    header: Header
    commit: bytes
    root: bytes
    inner: tuple[bytes, ...]
    records: tuple[RecordClaim, ...]
    heads: tuple[RecordHead, ...]
    key_record: bytes | None

    @property
    def segment(self) -> SegmentId:
        """The segment's id."""
        return self.header.segment

    @property
    def name(self) -> str:
        """The file's name, the same in each place."""
        return self.paths[0].name


@dataclass(frozen=True, slots=True)
class Scope:
    """The files that hold granted records, in the order of time, the `seq` of these, and what could not be read.

    `whereabouts` is what the index says of the segments that could not be read, as far as it still knows them.
    """

    files: tuple[SealedFile, ...]
    granted: Mapping[SegmentId, tuple[int, ...]]
    unreadable: Mapping[SegmentId, str]
    whereabouts: Mapping[SegmentId, SegmentAt]

    @property
    def segments(self) -> tuple[SegmentId, ...]:
        """Every segment that is granted from, readable or not, camera by camera in the order of time."""
        known = [*(file.at for file in self.files), *self.whereabouts.values()]
        return tuple(at.segment for at in sorted(known, key=lambda at: (at.camera, at.start_utc_us)))


class _Unread:
    """What could not be read, with why."""

    def __init__(self) -> None:
        self.why: dict[SegmentId, str] = {}
        self.whereabouts: dict[SegmentId, SegmentAt] = {}

    def add(self, at: SegmentAt, why: str) -> None:
        self.why[at.segment], self.whereabouts[at.segment] = why, at


async def collect(
    index: IndexPort, ledger: LedgerPort, cameras: Iterable[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
) -> Scope:
    """Everything that exists of these cameras in [from, to), with what is needed to decode it.

    A file that can not be read, is not what was sealed, or lies on a volume that is not mounted is named as unreadable.
    """
    files: dict[SegmentId, SealedFile] = {}
    unread = _Unread()
    for camera in cameras:
        coverage = await index.coverage(camera, from_utc_us, to_utc_us)
        for at in coverage.segments:
            wanted: SegmentAt | None = at
            while wanted is not None and wanted.segment not in files and wanted.segment not in unread.why:
                file = await _try(wanted, ledger, unread)
                if file is None:
                    break
                files[file.segment] = file
                wanted = await _before(file, index, from_utc_us, to_utc_us)
    return _scope(files.values(), from_utc_us, to_utc_us, unread)


async def collect_released(
    index: IndexPort,
    ledger: LedgerPort,
    segments: Iterable[SegmentId],
    from_utc_us: UtcUs,
    to_utc_us: UtcUs,
) -> Scope:
    """The same for the segments that a release names; whatever nothing can be had of is named as unreadable."""
    files: list[SealedFile] = []
    unread = _Unread()
    for segment in segments:
        at = await index.segment(segment)
        if at is None:
            unread.why[segment] = GONE
            continue
        file = await _try(at, ledger, unread)
        if file is not None:
            files.append(file)
    scope = _scope(files, from_utc_us, to_utc_us, unread)
    for file in files:
        # It could not be read when it was released: only now it shows that none of its records is granted.
        if file.segment not in scope.granted:
            unread.add(file.at, NOTHING_GRANTED)
    return replace(scope, unreadable=unread.why, whereabouts=unread.whereabouts)


def under(scope: Scope, set_hash: str, named: Collection[SegmentId], from_utc_us: UtcUs, to_utc_us: UtcUs) -> Scope:
    """What of a scope a release under this custodian set names, as if there was nothing else.

    A file that was sealed under another one is unreadable here: nobody knew its set while it could not be read. What
    only footage under another set needs for decoding is not granted: the custodians of each see their own files alone.
    """
    unread = _Unread()
    files = []
    for file in scope.files:
        if file.segment in named and file.header.set_hash.hex() == set_hash:
            files.append(file)
        elif file.segment in named:
            unread.add(file.at, OTHER_SET)
    for segment, why in scope.unreadable.items():
        if segment in named:
            unread.why[segment] = why
            if segment in scope.whereabouts:
                unread.whereabouts[segment] = scope.whereabouts[segment]
    made = _scope(files, from_utc_us, to_utc_us, unread)
    for file in files:
        if file.segment not in made.granted:
            unread.add(file.at, NOTHING_GRANTED)
    return replace(made, unreadable=unread.why, whereabouts=unread.whereabouts)


def together(scopes: Iterable[Scope]) -> Scope:
    """All of these, which have no segment in common, as one."""
    every = list(scopes)
    return Scope(
        files=tuple(file for scope in every for file in scope.files),
        granted={segment: seqs for scope in every for segment, seqs in scope.granted.items()},
        unreadable={segment: why for scope in every for segment, why in scope.unreadable.items()},
        whereabouts={segment: at for scope in every for segment, at in scope.whereabouts.items()},
    )


def claims_for(file: SealedFile, seqs: Collection[int]) -> tuple[RecordClaim, ...]:
    """What a grant file says of a file's records: the init record, and the unbroken run that holds the granted ones."""
    gops = [seq for seq in seqs if file.heads[seq].type is RecordType.GOP]
    first = min(gops)
    if file.heads[first - 1].type is RecordType.SIDE:  # listed even where it is not granted: the run begins with it
        first -= 1
    return (file.records[0], *file.records[first : max(gops) + 1])


async def _try(at: SegmentAt, ledger: LedgerPort, unread: _Unread) -> SealedFile | None:
    if not at.paths:
        _log.error("a segment of a grant can not be read, its volume is not mounted: %s", at.segment)
        unread.add(at, NOT_MOUNTED)
        return None
    entry = await ledger.entry(at.seal_index)
    why = []
    for path in at.paths:
        try:
            return await asyncio.to_thread(_read, at, path, entry)
        except EvidenceAtRisk as error:
            _log.error("a segment of a grant can not be read from %s: %s", path, error)
            why.append(error.message_id)
    unread.add(at, why[0])
    return None


def _read(at: SegmentAt, path: Path, seal_entry: bytes) -> SealedFile:
    seal = decode(seal_entry).body
    name = path.name
    if not isinstance(seal, Seal) or (seal.seg, seal.camera) != (at.segment, at.camera):
        raise SealDiffers(file=name, what="entry")
    with SegmentReader(path) as reader, SegmentFile(path) as file:
        if (reader.root.hex(), reader.hh.hex()) != (seal.root, seal.hh) or len(reader) != seal.records:
            raise SealDiffers(file=name, what="root")
        if (reader.header.segment, reader.header.camera) != (at.segment, at.camera):
            raise SealDiffers(file=name, what="header")
        fronts = [file.read(entry.offset, HEAD_BYTES + HASH_BYTES) for entry in reader.entries]
        return SealedFile(
            at=at,
            paths=(path, *(other for other in at.paths if other != path)),
            header=reader.header,
            commit=reader.commit,
            root=reader.root,
            inner=tuple(entry.inner for entry in reader.entries),
            records=tuple(RecordClaim(front[:HEAD_BYTES], front[HEAD_BYTES:]) for front in fronts),
            heads=reader.heads,
            key_record=None if seal.key_record is None else bytes.fromhex(seal.key_record),
        )


async def _before(file: SealedFile, index: IndexPort, from_utc_us: UtcUs, to_utc_us: UtcUs) -> SegmentAt | None:
    """The segment without which the beginning of this one's granted part can not be decoded."""
    if file.header.continues is None:
        return None
    # Whether this segment in turn leads into a granted one does not matter: then all of it is needed.
    seqs = records_in_scope(file.heads, from_utc_us, to_utc_us) or records_in_scope(
        file.heads, from_utc_us, to_utc_us, leads_into_next=True
    )
    return await index.segment(file.header.continues) if begins_in_previous(file.heads, seqs) else None


def _scope(files: Iterable[SealedFile], from_utc_us: UtcUs, to_utc_us: UtcUs, unread: _Unread) -> Scope:
    known = {file.segment: file for file in files}
    heads = [
        SegmentHeads(file.segment, file.header.start_utc_us, file.header.continues, file.heads)
        for file in known.values()
    ]
    granted = segments_in_scope(heads, from_utc_us, to_utc_us)
    ordered = sorted(
        (known[segment] for segment in granted),
        key=lambda file: (file.header.camera, file.header.clock_epoch, file.header.start_utc_us),
    )
    return Scope(
        files=tuple(ordered),
        granted={segment: tuple(seqs) for segment, seqs in granted.items()},
        unreadable=unread.why,
        whereabouts=unread.whereabouts,
    )
