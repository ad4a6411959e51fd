"""The sealed files of a grant, each compared with its `seal` entry in the ledger, and which of their records it covers.

No key is used here, and nothing is opened.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
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

_log: Final = logging.getLogger(__name__)


class SealDiffers(EvidenceAtRisk):
    """A sealed file is not what its `seal` entry says; `file`, and `what` differs."""

    message_id = "seal-differs"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file whose root is the one in the ledger; `key_record` is the hash of its key record there."""

    at: SegmentAt
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


@dataclass(frozen=True, slots=True)
class Scope:
    """The files that hold granted records, in the order of time, the `seq` of these, and what could not be read."""

    files: tuple[SealedFile, ...]
    granted: Mapping[SegmentId, tuple[int, ...]]
    unreadable: Mapping[SegmentId, str]


async def collect(
    index: IndexPort, ledger: LedgerPort, cameras: Iterable[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
) -> Scope:
    """Everything that exists of these cameras in [from, to), with what is needed to decode it.

    A file that can not be read, or is not what was sealed, is left out and named.
    """
    files: dict[SegmentId, SealedFile] = {}
    unreadable: dict[SegmentId, str] = {}
    for camera in cameras:
        coverage = await index.coverage(camera, from_utc_us, to_utc_us)
        for at in coverage.segments:
            wanted: SegmentAt | None = at
            while wanted is not None and wanted.segment not in files and wanted.segment not in unreadable:
                file = await _try(wanted, ledger, unreadable)
                if file is None:
                    break
                files[file.segment] = file
                wanted = await _before(file, index, from_utc_us, to_utc_us)
    return _scope(files.values(), from_utc_us, to_utc_us, unreadable)


async def collect_released(
    index: IndexPort,
    ledger: LedgerPort,
    segments: Iterable[SegmentId],
    from_utc_us: UtcUs,
    to_utc_us: UtcUs,
) -> Scope:
    """The same for the segments that a release names; what was destroyed since is named as unreadable."""
    files: list[SealedFile] = []
    unreadable: dict[SegmentId, str] = {}
    for segment in segments:
        at = await index.segment(segment)
        if at is None:
            unreadable[segment] = "it does not exist any more"
            continue
        file = await _try(at, ledger, unreadable)
        if file is not None:
            files.append(file)
    return _scope(files, from_utc_us, to_utc_us, unreadable)


def claims_for(file: SealedFile, seqs: Collection[int]) -> tuple[RecordClaim, ...]:
    """What a grant file says of a file's records: the init record, and the unbroken run that holds the granted ones."""
    gops = [seq for seq in seqs if file.heads[seq].type is RecordType.GOP]
    return (file.records[0], *file.records[min(gops) : max(gops) + 1])


async def _try(at: SegmentAt, ledger: LedgerPort, unreadable: dict[SegmentId, str]) -> SealedFile | None:
    entry = await ledger.entry(at.seal_index)
    try:
        return await asyncio.to_thread(_read, at, entry)
    except EvidenceAtRisk as error:
        _log.error("a sealed file is left out of a grant: %s", error)
        unreadable[at.segment] = error.message_id
        return None


def _read(at: SegmentAt, seal_entry: bytes) -> SealedFile:
    seal = decode(seal_entry).body
    name = at.path.name
    if not isinstance(seal, Seal) or (seal.seg, seal.camera) != (at.segment, at.camera):
        raise SealDiffers(file=name, what="entry")
    with SegmentReader(at.path) as reader, SegmentFile(at.path) as file:
        if (reader.root.hex(), reader.hh.hex()) != (seal.root, seal.hh) or len(reader) != seal.records:
            raise SealDiffers(file=name, what="root")
        if (reader.header.segment, reader.header.camera) != (at.segment, at.camera):
            raise SealDiffers(file=name, what="header")
        fronts = [file.read(entry.offset, HEAD_BYTES + HASH_BYTES) for entry in reader.entries]
        return SealedFile(
            at=at,
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


def _scope(
    files: Iterable[SealedFile], from_utc_us: UtcUs, to_utc_us: UtcUs, unreadable: Mapping[SegmentId, str]
) -> Scope:
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
        unreadable=dict(unreadable),
    )
