"""Steps 1 and 2 of an export: what was granted and how it is cut into movies; and that it is what was sealed."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from access.export.leading import undecodable_first
from access.export.plan import Gop, Part, plan_parts
from access.export.ports import Release, ReleasedRecord, ReleasedSegment
from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import CameraId, RunId, SegmentId
from storage.ledger import entries, machine
from storage.svs1.contexts import header_hash, segment_root
from storage.svs1.header import parse_json
from storage.svs1.layout import RecordType


class ReleaseDiffers(EvidenceAtRisk):
    """What was released is not what the ledger holds; `segment` and `what` say where."""

    message_id = "release-differs"


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """The movies of one camera, and its segments that hold granted records, by id, in the order of time.

    Those of which no movie shows anything are there too: that nothing was left out of them is to be proven.
    """

    camera: CameraId
    parts: Sequence[Part]
    segments: Mapping[SegmentId, ReleasedSegment]


def collect(release: Release) -> list[CameraPlan]:
    """Read the times of every granted record, and plan the movies of each camera. Blocks on the disk."""
    grant = release.grant
    plans = []
    for camera in grant.cameras:
        segments = release.segments(camera)
        read: set[SegmentId] = set()
        gops = (gop for segment in segments for gop in _gops(release, segment, read))
        parts = plan_parts(camera, gops, grant.from_utc_us, grant.to_utc_us)
        plans.append(CameraPlan(camera, parts, {one.segment: one for one in segments if one.segment in read}))
    return plans


def check_segment(camera: CameraId, segment: ReleasedSegment, seal_entry: bytes) -> None:
    """Compare a released segment with its header, its own root, and its `seal` entry.

    Raises:
        ReleaseDiffers: they do not agree.
        SegmentDamaged, EntryInvalid: the header or the entry can not be read.
    """
    header = parse_json(segment.header_json, file=segment.segment)
    hh = header_hash(segment.header_json)
    seal = entries.decode(seal_entry).body
    checks = {
        "header": (header.segment, header.camera) == (segment.segment, camera),
        "root": segment_root(hh, segment.commit, segment.inner) == segment.root,
        "seal": isinstance(seal, machine.Seal)
        and (seal.seg, seal.camera, seal.root, seal.hh, seal.records)
        == (segment.segment, camera, segment.root.hex(), hh.hex(), len(segment.inner)),
    }
    for what, holds in checks.items():
        if not holds:
            raise ReleaseDiffers(segment=segment.segment, what=what)


def _gops(release: Release, segment: ReleasedSegment, read: set[SegmentId]) -> Iterator[Gop]:
    """The groups of a segment; a segment of which any record can be had is noted as read."""
    run = parse_json(segment.header_json, file=segment.segment).run
    for record in release.records(segment.segment):
        read.add(segment.segment)
        if record.head.type is RecordType.GOP and record.packets:
            yield _gop(record, segment, run)


def _gop(record: ReleasedRecord, segment: ReleasedSegment, run: RunId) -> Gop:
    pts_90k = array("q", [pts for _, pts in record.packets])
    return Gop(
        segment=segment.segment,
        seq=record.seq,
        run=run,
        codec=segment.codec,
        random_access=record.head.random_access,
        clock_epoch=record.head.clock_epoch,
        start_utc_us=record.head.start_utc_us,
        start_90k=record.head.pts_90k,
        dur_90k=record.head.dur_90k,
        packet_bytes=sum(record.slices[:-1]),
        pts_90k=pts_90k,
        undecodable_first=undecodable_first(record.head.random_access, pts_90k, [data for data, _ in record.packets]),
    )
